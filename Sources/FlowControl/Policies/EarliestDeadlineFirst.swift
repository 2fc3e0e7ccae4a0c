/// `edf-ordering-policy`: the request whose time to live ends first goes first; those that may wait for ever go last.
public struct EarliestDeadlineFirst: OrderingPolicy {
  /// Creates the policy.
  public init() {}

  /// When the request's time to live ends.
  public func rank(_ request: QueuedRequest) -> Double {
    request.timeToLive > 0 ? request.enqueuedAt + request.timeToLive : .infinity
  }
}
