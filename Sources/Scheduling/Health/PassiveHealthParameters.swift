/// When an endpoint counts as unhealthy, and how it is tried again.
public struct PassiveHealthParameters: Sendable, Hashable {
  /// Requests that fail in a row before the endpoint is left alone; at least 1.
  public var consecutiveFailures = 5
  /// Seconds for which it is left alone the first time.
  public var baseBackoff = 10.0
  /// Most seconds for which it is left alone; every time in a row doubles the time up to this.
  public var maxBackoff = 300.0
  /// Seconds without response headers after which a stream that the proxy resets counts as failed. Streams that are
  /// reset sooner say nothing: clients give up for reasons of their own.
  public var resetGracePeriod = 10.0

  /// Creates the default parameters.
  public init() {}

  /// Seconds of the back-off after so many ejections before it.
  func backoff(after ejections: Int) -> Double {
    var backoff = min(baseBackoff, maxBackoff)
    for _ in 0..<min(ejections, 64) where backoff < maxBackoff { backoff = min(backoff * 2, maxBackoff) }
    return backoff
  }
}
