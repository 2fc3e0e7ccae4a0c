/// `shortest-work-ordering-policy`: requests that take a server little work go before those that take much, but nobody
/// waits for ever.
///
/// A request is passed by those that come up to ``secondsPerThousandTokens`` later for each thousand tokens that they
/// have fewer to compute. Work is what the endpoint with the most of the prompt cached would have to compute; where
/// that is not known, a quarter of the body's bytes.
public struct ShortestWorkFirst: OrderingPolicy {
  /// How much later a request may come and still pass one with a thousand tokens more, in seconds; 0 for order of
  /// arrival.
  public let secondsPerThousandTokens: Double

  /// Creates the policy.
  public init(secondsPerThousandTokens: Double = 5) {
    self.secondsPerThousandTokens = secondsPerThousandTokens
  }

  /// Always.
  public var readsUncachedTokens: Bool { true }

  /// When the request joined the queue, and its work on top.
  public func rank(_ request: QueuedRequest) -> Double {
    request.enqueuedAt + (request.uncachedTokens ?? Double(request.bytes) / 4) / 1_000 * secondsPerThousandTokens
  }
}
