/// `fcfs-ordering-policy`: requests go in the order in which they came.
public struct FirstComeFirstServed: OrderingPolicy {
  /// Creates the policy.
  public init() {}

  /// The same for all, so that arrival decides.
  public func rank(_ request: QueuedRequest) -> Double { 0 }
}
