/// Chooses which flow of a priority is served next (flow control, fairness policies).
public protocol FairnessPolicy: Sendable {
  /// Chooses a flow.
  /// - Parameters:
  ///   - flows: the flows of one priority that wait, by id; not empty.
  ///   - previous: the id of the flow chosen last, whether it still waits or not; nil in the beginning.
  ///   - now: monotonic time, in seconds.
  /// - Returns: an index into `flows`; nil to serve none of them now.
  func choose(among flows: WaitingFlows, previous: String?, now: Double) -> Int?
}
