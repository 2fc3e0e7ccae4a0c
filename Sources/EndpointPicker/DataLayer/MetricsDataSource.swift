import Endpoints
import ModelServerMetrics
import NIOCore
import NIOSSL
import PickerConfiguration
import Scheduling

/// `metrics-data-source`: scrapes the model servers' metrics pages.
struct MetricsDataSource: Plugin {
  static let typeName = "metrics-data-source"

  let configuration: ScrapeConfiguration
  /// Whether the configuration sets the interval itself.
  let hasOwnInterval: Bool
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
        configuration.transport = ModelServerTLS.transport(tls)
      }
      return MetricsDataSource(configuration: configuration, hasOwnInterval: parameters.interval != nil)
    }
  }
}

/// TLS towards model servers.
enum ModelServerTLS {
  /// Adds TLS to a new connection. Model servers go by address, so that is what certificates are checked for.
  static func transport(_ tls: NIOSSLContext) -> @Sendable (any Channel, EndpointAddress) throws -> Void {
    { channel, _ in
      try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: nil))
    }
  }
}
