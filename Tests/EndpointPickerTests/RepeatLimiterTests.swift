import EndpointPicker
import Testing

@Suite struct RepeatLimiterTests {
  /// Which of some events, one after the other, pass.
  private func passing(_ events: [(cause: String, now: Double)], perSecond: Int) -> [Bool] {
    var limiter = RepeatLimiter(perSecond: perSecond)
    return events.map { limiter.admits($0.cause, now: $0.now) }
  }

  @Test func aFewPassInEverySecond() {
    let events = [("a", 5.2), ("a", 5.3), ("a", 5.9), ("a", 5.99), ("a", 6.0)]
    #expect(passing(events, perSecond: 2) == [true, true, false, false, true])
  }

  @Test func causesDoNotCrowdEachOtherOut() {
    #expect(passing([("a", 1), ("a", 1), ("b", 1)], perSecond: 1) == [true, false, true])
  }

  @Test func whatDidNotPassIsCountedOnce() {
    var limiter = RepeatLimiter(perSecond: 1)
    for _ in 0..<5 { _ = limiter.admits("b", now: 1) }
    for _ in 0..<3 { _ = limiter.admits("a", now: 1) }
    let counts = limiter.takeSuppressed()
    #expect(counts.map(\.cause) == ["a", "b"])
    #expect(counts.map(\.count) == [2, 4])
    let rest = limiter.takeSuppressed()
    #expect(rest.isEmpty)
  }
}
