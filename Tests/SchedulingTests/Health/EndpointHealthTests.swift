import Scheduling
import Testing

/// The health of one endpoint, with made-up times.
@Suite struct EndpointHealthTests {
  private var parameters = PassiveHealthParameters()

  init() {
    parameters.consecutiveFailures = 3
    parameters.baseBackoff = 10
    parameters.maxBackoff = 35
  }

  /// An endpoint on which as many requests failed as it takes, at once and at a time.
  private func ejected(at now: Double = 0) -> EndpointHealth {
    var health = EndpointHealth()
    for _ in 0..<3 { _ = health.failed(arrival: now, isProbe: false, at: now, parameters) }
    return health
  }

  private func places(_ health: inout EndpointHealth, at now: Double) -> Bool { health.placed(at: now, parameters) }

  /// The outcome of a probe.
  private func probe(_ health: inout EndpointHealth, succeeds: Bool, at now: Double) -> EndpointHealth.Change? {
    #expect(places(&health, at: now))
    return succeeds
      ? health.succeeded(arrival: now, isProbe: true, at: now)
      : health.failed(arrival: now, isProbe: true, at: now, parameters)
  }

  @Test func failuresInARowEject() {
    var health = EndpointHealth()
    #expect(health.failed(arrival: 1, isProbe: false, at: 1, parameters) == nil)
    #expect(health.failed(arrival: 1, isProbe: false, at: 2, parameters) == nil)
    #expect(health.isHealthy && !health.isClean)
    #expect(health.failed(arrival: 1, isProbe: false, at: 3, parameters) == .ejected(backoff: 10))
    #expect(!health.isAvailable(at: 12.9, parameters))
    #expect(health.isAvailable(at: 13, parameters))
  }

  @Test func successInBetweenStartsTheRowAnew() {
    var health = EndpointHealth()
    for round in 0..<10 {
      for _ in 0..<2 {
        #expect(health.failed(arrival: Double(round), isProbe: false, at: Double(round), parameters) == nil)
      }
      #expect(health.succeeded(arrival: 0, isProbe: false, at: Double(round)) == nil)
      #expect(health.isClean)
    }
  }

  @Test func oneProbeAtATime() {
    var health = ejected()
    #expect(!places(&health, at: 9))
    #expect(places(&health, at: 10))
    #expect(!health.isAvailable(at: 11, parameters))
    #expect(!places(&health, at: 11))
    health.probeEnded(at: 12)
    #expect(places(&health, at: 12))
  }

  @Test func probeThatIsNeverHeardOfDoesNotKeepTheEndpointOut() {
    var health = ejected()
    #expect(places(&health, at: 10))
    #expect(!health.isAvailable(at: 44, parameters))
    #expect(places(&health, at: 45))
  }

  @Test func backoffDoublesUpToTheLongest() {
    var health = ejected()
    #expect(probe(&health, succeeds: false, at: 10) == .ejected(backoff: 20))
    #expect(!health.isAvailable(at: 29, parameters))
    #expect(probe(&health, succeeds: false, at: 30) == .ejected(backoff: 35))
    #expect(probe(&health, succeeds: false, at: 65) == .ejected(backoff: 35))
    #expect(probe(&health, succeeds: true, at: 100) == .recovered)
    #expect(health.isClean)
  }

  @Test func relapseGoesOnWhereTheBackoffWas() {
    var health = ejected()
    #expect(probe(&health, succeeds: true, at: 10) == .recovered)
    for _ in 0..<2 { _ = health.failed(arrival: 11, isProbe: false, at: 11, parameters) }
    #expect(health.failed(arrival: 11, isProbe: false, at: 11, parameters) == .ejected(backoff: 20))
  }

  @Test func longHealthIsForgiven() {
    var health = ejected()
    #expect(probe(&health, succeeds: true, at: 10) == .recovered)
    for _ in 0..<2 { _ = health.failed(arrival: 46, isProbe: false, at: 46, parameters) }
    #expect(health.failed(arrival: 46, isProbe: false, at: 46, parameters) == .ejected(backoff: 10))
  }

  @Test func requestsFromBeforeTellNothing() {
    var health = ejected(at: 5)
    #expect(health.succeeded(arrival: 4, isProbe: false, at: 6) == nil)
    #expect(health.failed(arrival: 4, isProbe: false, at: 6, parameters) == nil)
    #expect(health.isAvailable(at: 15, parameters))
    #expect(places(&health, at: 15))
    // Not the probe's end.
    #expect(health.failed(arrival: 4, isProbe: false, at: 16, parameters) == nil)
    #expect(health.succeeded(arrival: 15, isProbe: true, at: 17) == .recovered)
    #expect(health.failed(arrival: 4, isProbe: false, at: 18, parameters) == nil)
    #expect(health.isClean)
  }

  /// Placed for want of another endpoint.
  @Test func successOfALaterRequestIsEnough() {
    var health = ejected(at: 5)
    #expect(health.succeeded(arrival: 6, isProbe: false, at: 7) == .recovered)
    #expect(health.isClean)
  }

  @Test func hugeCountsAreNoTrouble() {
    var parameters = parameters
    parameters.baseBackoff = 1e-9
    parameters.maxBackoff = 1e6
    #expect(parameters.backoff(ejections: 0) == 1e-9)
    #expect(parameters.backoff(ejections: .max) <= 1e6)
  }
}

extension PassiveHealthParameters {
  /// The time for which an endpoint is left alone that was ejected so often before.
  fileprivate func backoff(ejections: Int) -> Double {
    var health = EndpointHealth()
    var parameters = self
    parameters.consecutiveFailures = 1
    var now = 0.0
    var last = 0.0
    for _ in 0...min(ejections, 200) {
      if !health.isHealthy {
        now += last
        _ = health.placed(at: now, parameters)
      }
      guard case .ejected(let backoff) = health.failed(arrival: now, isProbe: true, at: now, parameters) else { break }
      last = backoff
    }
    return last
  }
}
