/// `queue-scorer`: prefers short queues. Score: (hi − queue) / (hi − lo) over the candidates, 1 for all when equal.
public struct QueueScorer: Scorer {
  /// Creates the scorer; it has no parameters.
  public init() {}

  /// Scores by ``SchedulingCycle/queueDepths``.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    MinMaxScore.lowerIsBetter(cycle.queueDepths, into: scores)
  }
}

extension PluginRegistration {
  static let queueScorer = PluginRegistration(type: "queue-scorer") { _ in QueueScorer() }
}
