/// A request that waits, as queues and policies see it. Times are monotonic, in seconds.
public struct QueuedRequest: Sendable, Hashable {
  /// The flow it belongs to.
  public var flow: FlowKey
  /// Size of its body, in bytes; what byte limits count.
  public var bytes: Int
  /// When its stream began.
  public var receivedAt: Double
  /// When it joined the queue.
  public var enqueuedAt: Double
  /// How long after ``receivedAt`` the client wants the first token, in seconds; nil without such an objective.
  public var timeToFirstToken: Double?
  /// How long it may wait, in seconds; 0 for as long as the client does.
  public var timeToLive: Double
  /// Tokens of the prompt that the endpoint with the most of it cached would have to compute; nil when nobody knows.
  public var uncachedTokens: Double?

  /// Creates a request.
  public init(
    flow: FlowKey, bytes: Int, receivedAt: Double, enqueuedAt: Double, timeToFirstToken: Double? = nil,
    timeToLive: Double = 0, uncachedTokens: Double? = nil
  ) {
    self.flow = flow
    self.bytes = bytes
    self.receivedAt = receivedAt
    self.enqueuedAt = enqueuedAt
    self.timeToFirstToken = timeToFirstToken
    self.timeToLive = timeToLive
    self.uncachedTokens = uncachedTokens
  }
}
