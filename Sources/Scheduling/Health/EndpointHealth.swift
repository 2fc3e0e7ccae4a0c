/// What the ends of requests tell about one endpoint: a state machine without a clock.
///
/// An endpoint is healthy until so many requests failed in a row. Then it is left alone for a time that doubles from
/// ejection to ejection. Afterwards one request at a time, the probe, goes to it again: a success makes it healthy, a
/// failure begins the next, longer time. An endpoint that stays healthy for the longest back-off starts over.
///
/// Times are seconds of any monotonic clock.
public struct EndpointHealth: Sendable, Equatable {
  /// How the endpoint stands.
  public enum State: Sendable, Equatable {
    /// Requests succeed, or not enough of them failed in a row.
    case healthy(failures: Int)
    /// Left alone until a moment, after which it waits for a probe.
    case unhealthy(until: Double)
    /// A request that was placed at a moment tries it.
    case probing(since: Double)
  }

  /// What an event changed that people want to know.
  public enum Change: Sendable, Equatable {
    /// The endpoint is left alone for so many seconds.
    case ejected(backoff: Double)
    /// The endpoint is healthy again.
    case recovered
  }

  /// How the endpoint stands.
  public private(set) var state = State.healthy(failures: 0)
  /// Times that it was left alone without staying healthy in between.
  public private(set) var ejections = 0
  /// When it last became what it is, healthy or not.
  private var changedAt = -Double.infinity

  /// A healthy endpoint.
  public init() {}

  /// Whether requests would rather go elsewhere, or did not long ago.
  public var isHealthy: Bool {
    if case .healthy = state { return true }
    return false
  }

  /// Whether nothing speaks against the endpoint, so that a success changes nothing.
  public var isClean: Bool { state == .healthy(failures: 0) }

  /// Whether requests may be placed on the endpoint: it is healthy, or a probe is due.
  public func isAvailable(at now: Double, _ parameters: PassiveHealthParameters) -> Bool {
    switch state {
    case .healthy: true
    case .unhealthy(let until): now >= until
    // A probe that hears nothing must not keep the endpoint out for good.
    case .probing(let since): now - since >= parameters.maxBackoff
    }
  }

  /// A request was placed on the endpoint.
  /// - Returns: whether the request is a probe.
  public mutating func placed(at now: Double, _ parameters: PassiveHealthParameters) -> Bool {
    guard !isHealthy, isAvailable(at: now, parameters) else { return false }
    state = .probing(since: now)
    return true
  }

  /// A request succeeded that arrived at `arrival`.
  public mutating func succeeded(arrival: Double, isProbe: Bool, at now: Double) -> Change? {
    guard !isHealthy else {
      state = .healthy(failures: 0)
      return nil
    }
    // Requests that are older than the trouble say nothing about its end.
    guard isProbe || arrival >= changedAt else { return nil }
    state = .healthy(failures: 0)
    changedAt = now
    return .recovered
  }

  /// A request failed that arrived at `arrival`.
  public mutating func failed(
    arrival: Double, isProbe: Bool, at now: Double, _ parameters: PassiveHealthParameters
  ) -> Change? {
    switch state {
    case .healthy(let failures):
      guard arrival >= changedAt else { return nil }
      state = .healthy(failures: failures + 1)
      guard failures + 1 >= parameters.consecutiveFailures else { return nil }
      if now - changedAt > parameters.maxBackoff { ejections = 0 }
    case .probing:
      guard isProbe else { return nil }
    case .unhealthy:
      // Placed before, or for want of another endpoint: nothing new.
      return nil
    }
    let backoff = parameters.backoff(after: ejections)
    ejections += 1
    state = .unhealthy(until: now + backoff)
    changedAt = now
    return .ejected(backoff: backoff)
  }

  /// A probe ended without telling anything: the next one is due.
  public mutating func probeEnded(at now: Double) {
    guard case .probing = state else { return }
    state = .unhealthy(until: now)
  }
}
