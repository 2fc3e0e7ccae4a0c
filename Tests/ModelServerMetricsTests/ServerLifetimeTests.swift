import Testing

import ModelServerMetrics

/// Whether a server is still the one of the page before.
@Suite struct ServerLifetimeTests {
  private func reading(
    start: Double? = nil, work: Double? = nil, size: Double? = nil, count: Double? = nil
  ) -> ModelServerReading {
    var reading = ModelServerReading()
    reading.startTime = start
    reading.work = work
    reading.cacheBlockSize = size
    reading.cacheBlockCount = count
    return reading
  }

  private func restarts(_ pages: [ModelServerReading]) -> [Bool] {
    var lifetime = ServerLifetime()
    return pages.map { lifetime.note($0) }
  }

  @Test func anotherStartTimeIsAnotherServer() {
    #expect(
      restarts([reading(start: 5), reading(start: 5), reading(start: 6), reading(start: 6)]) == [
        false, false, true, false,
      ])
  }

  @Test func aFallingCounterIsAnotherServer() {
    #expect(
      restarts([reading(work: 0), reading(work: 9), reading(work: 9), reading(work: 2)]) == [false, false, false, true])
  }

  @Test func anotherCacheIsAnotherServer() {
    let pages = [reading(size: 16, count: 100), reading(size: 16, count: 90), reading(size: 32, count: 90)]
    #expect(restarts(pages) == [false, true, true])
  }

  @Test func whatAPageLeavesOutCountsAsUnchanged() {
    #expect(
      restarts([reading(start: 5, work: 3), reading(), reading(work: 4), reading(start: 5), reading(start: 7, work: 4)])
        == [false, false, false, false, true])
  }

  @Test func thePageOfAnEngineTellsWhenItBeganAndWhatItDid() throws {
    var scanner = PageScanner(plan: ScanPlan(engine: .vllm))
    let page = """
      # TYPE process_start_time_seconds gauge
      process_start_time_seconds 1.7e+09
      # TYPE vllm:prompt_tokens counter
      vllm:prompt_tokens_total{engine="0"} 5.0
      vllm:prompt_tokens_total{engine="1"} 7.0
      vllm:num_requests_waiting 1

      """
    Array(page.utf8).withUnsafeBytes { scanner.feed($0) }
    let reading = scanner.finish()
    #expect(reading.startTime == 1.7e9)
    #expect(reading.work == 12)
    #expect(!reading.missing.contains(.waitingQueueSize) || reading.waitingQueueSize == nil)
  }
}
