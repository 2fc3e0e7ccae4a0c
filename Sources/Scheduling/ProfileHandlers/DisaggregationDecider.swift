/// Decides for a request whether a stage runs on an endpoint of its own.
public protocol DisaggregationDecider: Plugin {
  /// Whether the stage should run apart.
  /// - Parameter candidate: where the decode endpoint is among all candidates; nil while it is not chosen.
  func decides(_ cycle: SchedulingCycle, candidate: Int?) -> Bool
}
