import InferenceAPI

extension PluginRegistration {
  static let sglangHTTPParser = PluginRegistration(type: SGLangHTTPParser.typeName) { _ in
    RequestParserPlugin(SGLangHTTPParser())
  }
}
