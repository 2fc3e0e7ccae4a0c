/// `token-producer`: how prompts become tokens. Only the `estimate` backend exists, four bytes for a token, which the
/// request parsers apply while they read; the plugin is there so that configurations can name it.
public struct TokenProducer: Producer {
  /// Creates the producer.
  public init() {}

  /// Nothing is left to do.
  public func produce(_ cycle: SchedulingCycle) {}
}

extension PluginRegistration {
  static let tokenProducer = PluginRegistration(
    type: "token-producer", aliases: ["tokenizer"], produces: [.tokenizedPrompt]
  ) { context in
    _ = context.parameters.child("estimate")
    _ = context.parameters.string("modelName")
    for backend in ["vllm", "udsTokenizerConfig"] where context.parameters.isSet(backend) {
      context.parameters.reject(backend, "tokenizers of their own are not built yet; use \"estimate\"")
    }
    return TokenProducer()
  }
}
