import ModelServerMetrics
import PickerConfiguration
import Scheduling

/// `metrics-data-source`: scrapes the model servers' metrics pages.
struct MetricsDataSource: Plugin {
  let configuration: ScrapeConfiguration
  /// Whether the configuration sets the interval itself.
  let hasOwnInterval: Bool
}

extension PluginRegistration {
  static let metricsDataSource = PluginRegistration(type: "metrics-data-source") { context in
    let decoder = context.parameters
    var configuration = ScrapeConfiguration()
    if decoder.string("scheme", default: "http") == "https" {
      decoder.reject("scheme", "https is not supported yet; use http")
    }
    configuration.path = decoder.string("path", default: configuration.path)
    _ = decoder.bool("insecureSkipVerify", default: true)
    if let port = decoder.int("port", range: 1...65_535) { configuration.port = UInt16(port) }
    let interval = decoder.duration("interval")
    if let interval { configuration.interval = .seconds(interval.seconds) }
    return MetricsDataSource(configuration: configuration, hasOwnInterval: interval != nil)
  }
}
