import PickerConfiguration
import Scheduling

/// `models-data-source`: asks the model servers which models they serve.
struct ModelsDataSource: Plugin {
  /// Time between questions unless the configuration sets it. Lists of models change seldom.
  static let defaultInterval = Duration.seconds(1)

  let path: String
  let port: UInt16?
  let interval: Duration
  let tls: ModelServerTLS?
}

/// `models-data-extractor`: reads model lists (OpenAI, `GET /v1/models`) and keeps them for each endpoint.
struct ModelsDataExtractor: Plugin {}

extension PluginRegistration {
  static let modelsDataSource = PluginRegistration(type: "models-data-source") { context in
    var defaults = MetricsSourceDefaults()
    defaults.path = "/v1/models"
    let parameters = HTTPSourceParameters(context.parameters, defaults: defaults)
    return ModelsDataSource(
      path: parameters.path, port: parameters.port, interval: parameters.interval ?? ModelsDataSource.defaultInterval,
      tls: parameters.tls)
  }

  static let modelsDataExtractor = PluginRegistration(type: "models-data-extractor") { _ in ModelsDataExtractor() }
}
