import Testing

import Scheduling

/// `slo-headroom-tier-filter` (plugin algorithms, filters).
@Suite struct SLOHeadroomTierFilterTests {
  private let space = AttributeSpace()

  private func kept(_ pool: TestPool, exploring: Double = 0) -> [Bool] {
    SLOHeadroomTierFilter(epsilonExploreNeg: exploring, latency: LatencyAttributes(space)).kept(pool.cycle)
  }

  @Test func keepsThoseThatMeetBothObjectives() {
    let pool = TestPool(5)
    #expect(kept(pool) == [true, true, true, true, true])
    pool.predict(ttft: [1, 1, 1, .nan, 1], ttftHeadroom: [0, -1, 5, 0, 9], tpotHeadroom: [0, 5, -1, 0, 9], space)
    #expect(kept(pool) == [true, false, false, false, true])
    #expect(kept(pool, exploring: 1) == [false, true, true, true, false])
  }

  @Test func oneTierAloneStays() {
    let pool = TestPool(2)
    pool.predict(ttft: [1, 1], ttftHeadroom: [1, 2], tpotHeadroom: [0, 0], space)
    #expect(kept(pool, exploring: 1) == [true, true])
    pool.predict(ttft: [1, .nan], ttftHeadroom: [-1, 0], tpotHeadroom: [0, 0], space)
    #expect(kept(pool) == [true, true])
    let single = TestPool(1)
    single.predict(ttft: [1], ttftHeadroom: [-1], tpotHeadroom: [0], space)
    #expect(kept(single) == [true])
  }

  @Test func exploresAsOftenAsConfigured() {
    let pool = TestPool(2)
    pool.predict(ttft: [1, 1], ttftHeadroom: [1, -1], tpotHeadroom: [0, 0], space)
    let explored = (0..<4_000).filter { _ in kept(pool, exploring: 0.25) == [false, true] }.count
    #expect(ChiSquare.statistic([explored, 4_000 - explored], shares: [1, 3]) < ChiSquare.limits[2] ?? 0)
    #expect(parameterProblems("slo-headroom-tier-filter", "epsilonExploreNeg: 1.5").isEmpty == false)
  }
}

/// `latency-slo-admitter` (plugin algorithms, admission).
@Suite struct LatencySLOAdmitterTests {
  private let space = AttributeSpace()
  private let headers = TestHeaders(["x-slo-ttft-ms": "100"])

  /// Whether a request is denied by two candidates of which neither meets the objectives, changed a little.
  private func isDenied(
    priority: Int = -1, headers: TestHeaders? = nil, meets: [Double] = [0, 0], running: [Double] = [1, 3],
    kv: [Double] = [0.02, 0.5], ttft: [Double] = [1, .nan]
  ) -> Bool {
    let pool = TestPool(2)
    pool.store(.runningRequests, running)
    pool.store(.kvCacheUsage, kv)
    var request = SchedulingRequest()
    request.priority = priority
    let headers = headers ?? self.headers
    request.headers = headers
    pool.cycle.begin(request, now: 0)
    pool.predict(ttft: ttft, ttftHeadroom: [-1, 0], tpotHeadroom: [0, 0], meets: meets, space)
    return withExtendedLifetime(headers) {
      LatencySLOAdmitter(latency: LatencyAttributes(space)).denial(pool.cycle) != nil
    }
  }

  @Test func deniesWhatNobodyCanServeInTime() {
    #expect(isDenied())
    #expect(isDenied(headers: TestHeaders(["x-llm-d-slo-tpot-ms": "20"])))
    #expect(!isDenied(meets: [0, 1]))
    #expect(!isDenied(running: [1, 0]))
    #expect(!isDenied(kv: [0.019, 0.5]))
    #expect(!isDenied(ttft: [.nan, .nan]))
  }

  @Test func onlySheddableRequestsWithObjectivesAreLookedAt() {
    #expect(!isDenied(priority: 0))
    #expect(!isDenied(headers: TestHeaders([:])))
    #expect(!isDenied(headers: TestHeaders(["x-slo-ttft-ms": "0"])))
    #expect(!isDenied(headers: TestHeaders(["x-slo-ttft-ms": "soon"])))
    // The newer name wins.
    #expect(!isDenied(headers: TestHeaders(["x-slo-ttft-ms": "100", "x-llm-d-slo-ttft-ms": "0"])))
  }
}
