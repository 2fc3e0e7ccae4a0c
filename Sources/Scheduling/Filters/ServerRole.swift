/// The stages of inference that an endpoint serves, as its label `llm-d.ai/role` tells.
enum ServerRole {
  static let label = "llm-d.ai/role"

  static let decode: Set<String> = ["decode", "prefill-decode", "both", "encode-prefill-decode"]
  static let prefill: Set<String> = ["prefill", "encode-prefill", "prefill-decode", "both", "encode-prefill-decode"]
  static let encode: Set<String> = ["encode", "encode-prefill", "encode-prefill-decode"]
}
