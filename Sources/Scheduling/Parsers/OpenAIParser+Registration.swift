import InferenceAPI

extension PluginRegistration {
  static let openAIParser = PluginRegistration(type: OpenAIParser.typeName) { _ in RequestParserPlugin(OpenAIParser()) }
}
