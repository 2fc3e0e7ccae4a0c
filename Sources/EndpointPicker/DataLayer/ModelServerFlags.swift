import ModelServerMetrics
import PickerConfiguration

/// What the deprecated `--*-metric` flags say about the model servers' metrics. `engineConfigs` of the configuration go
/// before them.
public struct ModelServerFlags: Sendable, Hashable {
  /// Series of vLLM that have another name, by flag name without dashes: `total-queued-requests-metric`,
  /// `total-running-requests-metric`, `kv-cache-usage-percentage-metric`, `lora-info-metric`, `cache-info-metric`.
  public var series: [String: String] = [:]

  /// Creates flags of which none was given.
  public init() {}

  /// vLLM with these names.
  /// - Throws: an error naming the flag.
  func engine() throws(ConfigurationError) -> EngineMetrics {
    var engine = EngineMetrics.vllm
    engine.waiting = try spec("total-queued-requests-metric") ?? engine.waiting
    engine.running = try spec("total-running-requests-metric") ?? engine.running
    engine.kvUsage = try spec("kv-cache-usage-percentage-metric") ?? engine.kvUsage
    engine.lora = try spec("lora-info-metric") ?? engine.lora
    engine.cacheInfo = try spec("cache-info-metric") ?? engine.cacheInfo
    return engine
  }

  private func spec(_ flag: String) throws(ConfigurationError) -> MetricSpec? {
    guard let text = series[flag], !text.isEmpty else { return nil }
    do {
      return try MetricSpec(text)
    } catch {
      throw ConfigurationError(SourceLocation(source: "--\(flag)"), "\(error)")
    }
  }
}
