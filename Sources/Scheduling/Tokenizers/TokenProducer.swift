import PickerConfiguration

/// `token-producer` with the backend `estimate`: four bytes for a token, which the request parsers apply while they
/// read; the plugin is there so that configurations can name it.
public struct TokenProducer: Producer {
  /// Creates the producer.
  public init() {}

  /// Nothing is left to do.
  public func produce(_ cycle: SchedulingCycle) {}
}

/// Who makes tokens of prompts.
private enum TokenBackend: String, CaseIterable {
  case estimate
  case vllm
}

extension PluginRegistration {
  static let tokenProducer = PluginRegistration(
    type: "token-producer", aliases: ["tokenizer"], produces: [.tokenizedPrompt]
  ) { context in
    let decoder = context.parameters
    // Some documents say in a word what the sections say.
    let named = decoder.enumeration("backend", of: TokenBackend.self)
    _ = decoder.child("estimate")
    let server = decoder.child("vllm")
    let modelName = decoder.string("modelName", default: "")
    if decoder.isSet("udsTokenizerConfig") {
      decoder.reject("udsTokenizerConfig", "not supported; use \"vllm\" with the URL of a vLLM renderer")
    }
    if decoder.isSet("estimate"), server != nil { decoder.reject("vllm", "there is \"estimate\" already") }
    guard named != .estimate, let server = server ?? (named == .vllm ? decoder.section("vllm") : nil) else {
      if server != nil { decoder.reject("vllm", "the backend is \"estimate\"") }
      return TokenProducer()
    }
    return RenderingTokenProducer(
      parameters: RenderingTokenProducer.Parameters(decoding: server, modelName: modelName),
      space: context.attributes)
  }
}

extension RenderingTokenProducer.Parameters {
  /// Reads the section `vllm`; what is wrong is noted in the decoder.
  init(decoding decoder: ParameterDecoder, modelName: String) {
    self.init()
    self.modelName = modelName
    let old = decoder.deprecated("http", use: "url", isHonoured: true) ? decoder.string("http") : nil
    url = decoder.string("url", default: old ?? url)
    while url.hasSuffix("/") { url.removeLast() }
    if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
      decoder.reject("url", "must begin with http:// or https://")
    }
    timeout = decoder.duration("timeout", default: .seconds(5)).seconds
    mediaTimeout = decoder.duration("mmTimeout", default: .seconds(30)).seconds
    if timeout <= 0 { decoder.reject("timeout", "must be positive") }
    if mediaTimeout <= 0 { decoder.reject("mmTimeout", "must be positive") }
  }
}
