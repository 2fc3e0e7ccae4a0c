import InferenceAPI

extension PluginRegistration {
  static let vllmHTTPParser = PluginRegistration(type: VLLMHTTPParser.typeName) { _ in
    RequestParserPlugin(VLLMHTTPParser())
  }
}
