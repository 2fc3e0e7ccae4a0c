import ModelServerMetrics
import PickerConfiguration
import Scheduling

/// `metrics-data-source`: scrapes the model servers' metrics pages.
struct MetricsDataSource: Plugin {
  static let typeName = "metrics-data-source"

  let configuration: ScrapeConfiguration
  /// Whether the configuration sets the interval itself.
  let hasOwnInterval: Bool
  /// For https.
  let tls: ModelServerTLS?
}

extension PluginRegistration {
  static let metricsDataSource = metricsDataSource(MetricsSourceDefaults())

  /// The type with other defaults for its parameters.
  static func metricsDataSource(_ defaults: MetricsSourceDefaults) -> PluginRegistration {
    PluginRegistration(type: MetricsDataSource.typeName) { context in
      let parameters = HTTPSourceParameters(context.parameters, defaults: defaults)
      var configuration = ScrapeConfiguration()
      configuration.path = parameters.path
      configuration.port = parameters.port
      if let interval = parameters.interval { configuration.interval = interval }
      if let span = context.parameters.duration("idleInterval"), span.seconds > 0 {
        configuration.idleInterval = span.duration
      }
      if let tls = parameters.tls {
        configuration.scheme = .https
        configuration.transport = tls.transport
      }
      return MetricsDataSource(
        configuration: configuration, hasOwnInterval: parameters.interval != nil, tls: parameters.tls)
    }
  }
}
