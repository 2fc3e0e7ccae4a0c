/// `slo-deadline-ordering-policy`: the request whose first token is due first goes first; those without such an
/// objective go last.
public struct ObjectiveDeadlineFirst: OrderingPolicy {
  /// Creates the policy.
  public init() {}

  /// When the first token is due.
  public func rank(_ request: QueuedRequest) -> Double {
    request.timeToFirstToken.map { request.receivedAt + $0 } ?? .infinity
  }
}
