import ModelServerMetrics
import PickerConfiguration

/// What the deprecated `--model-server-metrics-*` and `--*-metric` flags say about the model servers' metrics. The
/// configuration's plugins go before them.
public struct ModelServerFlags: Sendable, Hashable {
  /// Path of the metrics page; nil unless given.
  public var path: String?
  /// Port of the metrics page; nil for the port of the endpoint.
  public var port: UInt16?
  /// Series of the default engine that have another name, by flag name without dashes: `total-queued-requests-metric`,
  /// `total-running-requests-metric`, `kv-cache-usage-percentage-metric`, `lora-info-metric`, `cache-info-metric`.
  public var series: [String: String] = [:]

  /// Creates flags of which none was given.
  public init() {}

  func apply(to configuration: inout ScrapeConfiguration) {
    if let path { configuration.path = path }
    if let port { configuration.port = port }
  }

  /// The engine that model servers without an engine label run.
  /// - Throws: ``ProcessError`` naming the flag.
  func defaultEngine() throws -> EngineMetrics {
    var engine = EngineMetrics.vllm
    engine.waiting = try spec("total-queued-requests-metric") ?? engine.waiting
    engine.running = try spec("total-running-requests-metric") ?? engine.running
    engine.kvUsage = try spec("kv-cache-usage-percentage-metric") ?? engine.kvUsage
    engine.lora = try spec("lora-info-metric") ?? engine.lora
    engine.cacheInfo = try spec("cache-info-metric") ?? engine.cacheInfo
    return engine
  }

  private func spec(_ flag: String) throws -> MetricSpec? {
    guard let text = series[flag], !text.isEmpty else { return nil }
    do {
      return try MetricSpec(text)
    } catch {
      throw ProcessError("--\(flag): \(error)")
    }
  }
}
