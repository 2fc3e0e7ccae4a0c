/// `running-requests-size-scorer`: prefers small running batches. Score as ``QueueScorer``, over running requests.
public struct RunningRequestsSizeScorer: Scorer {
  /// Creates the scorer; it has no parameters.
  public init() {}

  /// Scores by ``SchedulingCycle/runningRequests``.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    MinMaxScore.lowerIsBetter(cycle.runningRequests, into: scores)
  }
}

extension PluginRegistration {
  static let runningRequestsSizeScorer = PluginRegistration(type: "running-requests-size-scorer") { _ in
    RunningRequestsSizeScorer()
  }
}
