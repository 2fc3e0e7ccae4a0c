import CAccelerate

/// `kv-cache-utilization-scorer`: prefers free KV cache. Score: 1 − usage.
public struct KVCacheUtilizationScorer: Scorer {
  /// Creates the scorer; it has no parameters.
  public init() {}

  /// Scores by the scraped KV cache usage.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    guard let usage = cycle.values(.kvCacheUsage).baseAddress, let target = scores.baseAddress else { return }
    epp_complement_f64(usage, target, scores.count)
  }
}

extension PluginRegistration {
  static let kvCacheUtilizationScorer = PluginRegistration(type: "kv-cache-utilization-scorer") { _ in
    KVCacheUtilizationScorer()
  }
}
