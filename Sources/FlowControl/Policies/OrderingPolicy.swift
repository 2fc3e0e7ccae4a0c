/// Orders the requests of one flow (flow control, ordering policies).
public protocol OrderingPolicy: Sendable {
  /// Smaller ranks go first, equal ones in order of arrival. Asked once for each request, when it joins the queue.
  func rank(_ request: QueuedRequest) -> Double
  /// Whether ranks depend on ``QueuedRequest/uncachedTokens``, which are looked up for no other policy.
  var readsUncachedTokens: Bool { get }
}

extension OrderingPolicy {
  /// No.
  public var readsUncachedTokens: Bool { false }
}
