import ModelServerMetrics
import Testing

@Suite("When scrapes happen")
struct ScheduleTests {
  @Test("scrapes of an endpoint are one interval apart, also after one that took long")
  func grid() {
    let schedule = ScrapeSchedule(interval: 0.05, slot: 7)
    let first = schedule.next(after: 100)
    #expect(first > 100 && first <= 100.05 + 1e-9)
    #expect(abs(schedule.next(after: first) - first - 0.05) < 1e-9)
    #expect(abs(schedule.next(after: first + 0.12) - first - 0.15) < 1e-9)
  }

  @Test("the endpoints of a pool spread evenly over the interval", arguments: [2, 8, 100, 1_000])
  func spread(count: Int) {
    let times = (0..<count).map { ScrapeSchedule(interval: 1, slot: $0).next(after: 50) - 50 }.sorted()
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 } + [times[0] + 1 - times[count - 1]]
    #expect(gaps.allSatisfy { $0 < 3 / Double(count) })
  }

  @Test("a new endpoint does not wait for a long interval")
  func first() {
    for slot in 0..<100 {
      let delay = ScrapeSchedule(interval: 3_600, slot: slot).first(after: 5) - 5
      #expect(delay >= 0 && delay <= 0.05)
    }
  }

  @Test("back-off doubles to its ceiling, is jittered, and starts over")
  func backoff() {
    var backoff = Backoff()
    let full = (0..<7).map { _ in backoff.next(jitter: 1) }
    #expect(full == [0.05, 0.1, 0.2, 0.4, 0.8, 1, 1])
    #expect(backoff.next(jitter: 0) == 0.5)
    backoff.reset()
    #expect(backoff.next(jitter: 0) == 0.025)
  }
}
