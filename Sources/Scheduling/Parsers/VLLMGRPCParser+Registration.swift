import InferenceAPI

extension PluginRegistration {
  static let vllmGRPCParser = PluginRegistration(type: VLLMGRPCParser.typeName) { _ in
    RequestParserPlugin(VLLMGRPCParser())
  }
}
