import PickerConfiguration

/// `load-aware-scorer`: prefers short queues, whatever the others' are. Score: 0.5 for an empty queue, else
/// 0.5 · (1 − min(queue, threshold) / threshold).
public struct LoadAwareScorer: Scorer {
  /// The queue that scores 0, unless the configuration says otherwise.
  public static let defaultThreshold = 128

  let threshold: Double

  /// Creates a scorer.
  /// - Parameter threshold: the queue that scores 0; the default for 0 and below.
  public init(threshold: Int = defaultThreshold) {
    self.threshold = Double(threshold > 0 ? threshold : Self.defaultThreshold)
  }

  /// Scores by ``SchedulingCycle/queueDepths``.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let queues = cycle.queueDepths
    for position in scores.indices {
      let queue = queues[position] < threshold ? queues[position] : threshold
      scores[position] = 0.5 * (1 - queue / threshold)
    }
  }
}

extension PluginRegistration {
  static let loadAwareScorer = PluginRegistration(type: "load-aware-scorer") { context in
    LoadAwareScorer(threshold: context.parameters.int("threshold", default: LoadAwareScorer.defaultThreshold))
  }
}
