import InferenceAPI

extension PluginRegistration {
  static let anthropicParser = PluginRegistration(type: AnthropicParser.typeName) { _ in
    RequestParserPlugin(AnthropicParser())
  }
}
