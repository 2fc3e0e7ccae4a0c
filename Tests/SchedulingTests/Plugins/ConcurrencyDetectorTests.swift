import Endpoints
import Scheduling
import Testing

/// Saturation by what is in flight (plugin algorithms, saturation detectors).
@Suite struct ConcurrencyDetectorTests {
  private func detector(
    _ mode: ConcurrencyDetector.Mode, requests: Int = 4, tokens: Int = 1_000, headroom: Double = 0
  ) -> ConcurrencyDetector {
    var parameters = ConcurrencyDetector.Parameters()
    parameters.mode = mode
    parameters.maxConcurrency = requests
    parameters.maxTokenConcurrency = tokens
    parameters.headroom = headroom
    return ConcurrencyDetector(parameters: parameters)
  }

  @Test func defaultsAreThoseOfTheReference() {
    let parameters = ConcurrencyDetector.Parameters()
    #expect(parameters.mode == .requests)
    #expect(parameters.maxConcurrency == 100)
    #expect(parameters.maxTokenConcurrency == 1_000_000)
    #expect(parameters.headroom == 0)
  }

  @Test func saturationIsInFlightOverCapacity() {
    let pool = TestPool(2)
    let placements = pool.load([[100, 100, 100, 100], [500, 500]])
    // 6 of 8 requests; 1,400 of 2,000 tokens; mean of max(1, 0.4) and max(0.5, 1).
    #expect(detector(.requests).saturation(pool.cycle) == 0.75)
    #expect(detector(.tokens).saturation(pool.cycle) == 0.7)
    #expect(detector(.hybrid).saturation(pool.cycle) == 1)
    #expect(detector(.requests, requests: 2).saturation(pool.cycle) == 1.5)
    for placement in placements { placement.end() }
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(detector(.hybrid).saturation(pool.cycle) == 0)
  }

  @Test(arguments: ConcurrencyDetector.Mode.allCases) func emptyPoolIsSaturated(mode: ConcurrencyDetector.Mode) {
    #expect(detector(mode).saturation(TestPool(0).cycle) == 1)
  }

  @Test func filterKeepsCandidatesStrictlyBelowCapacity() {
    let pool = TestPool(3)
    let placements = pool.load([[10, 10, 10, 10], [10, 10, 10], [1_000]])
    #expect(detector(.requests).kept(pool.cycle) == [false, true, true])
    #expect(detector(.tokens).kept(pool.cycle) == [true, true, false])
    #expect(detector(.hybrid).kept(pool.cycle) == [false, true, false])
    // int(3 · 1.5) = 4.
    #expect(detector(.requests, requests: 3, headroom: 0.5).kept(pool.cycle) == [false, true, true])
    #expect(detector(.requests, requests: 1).kept(pool.cycle) == [false, false, false])
    for placement in placements { placement.end() }
  }

  @Test func documentNamesItAsSaturationDetector() throws {
    let loaded = try load(
      """
      plugins: [{type: concurrency-detector, parameters: {concurrencyMode: tokens, maxTokenConcurrency: 10}}]
      saturationDetector: {pluginRef: concurrency-detector}
      """)
    let pool = TestPool(1)
    let placements = pool.load([[5]])
    #expect(loaded.saturationDetector.saturation(pool.cycle) == 0.5)
    for placement in placements { placement.end() }
    #expect(parameterProblems("concurrency-detector", "concurrencyMode: bytes").isEmpty == false)
    #expect(parameterProblems("concurrency-detector", "maxConcurrency: 0").isEmpty == false)
  }
}
