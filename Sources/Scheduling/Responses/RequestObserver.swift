/// Follows requests from their placement to their end.
public protocol RequestObserver: Plugin {
  /// A request was placed: the cycle holds the results, all candidates are current.
  ///
  /// Called on event loops after ``PlacementObserver/requestPlaced(_:)``: no waiting, no I/O.
  /// - Returns: what follows the request; nil for nothing.
  func requestBegan(_ cycle: SchedulingCycle) -> (any RequestObservation)?
}

/// Follows one request. Called on one event loop only: no waiting, no I/O.
public protocol RequestObservation: AnyObject {
  /// The first piece of the response's body came, this long after the request. At most once.
  func responseBegan(after seconds: Double)

  /// The request is over, in whatever way. Exactly once, and last.
  func ended(_ end: RequestEnd)
}

/// How a request ended.
public struct RequestEnd: Sendable, Hashable {
  /// The response went through to its end, with a status below 400.
  public var isComplete: Bool
  /// Seconds since the request came.
  public var seconds: Double
  /// Tokens of the response: as its usage tells, else counted by its events; nil when neither is known.
  public var outputTokens: Int?

  /// Describes an end.
  public init(isComplete: Bool, seconds: Double, outputTokens: Int? = nil) {
    self.isComplete = isComplete
    self.seconds = seconds
    self.outputTokens = outputTokens
  }
}
