/// `kv-cache-utilization-scorer`: prefers free KV cache. Score: 1 − usage.
public struct KVCacheUtilizationScorer: Scorer {
  /// Creates the scorer; it has no parameters.
  public init() {}

  /// Scores by the scraped KV cache usage.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let usage = cycle.values(.kvCacheUsage)
    for position in 0..<scores.count { scores[position] = 1 - usage[position] }
  }
}

extension PluginRegistration {
  static let kvCacheUtilizationScorer = PluginRegistration(type: "kv-cache-utilization-scorer") { _ in
    KVCacheUtilizationScorer()
  }
}
