import InferenceAPI

extension PluginRegistration {
  static let passthroughParser = PluginRegistration(type: PassthroughParser.typeName) { _ in
    RequestParserPlugin(PassthroughParser())
  }
}
