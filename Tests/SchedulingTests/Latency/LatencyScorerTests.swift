import Testing

import Scheduling

/// `latency-scorer`, with values worked out by hand (plugin algorithms, latency prediction).
@Suite struct LatencyScorerTests {
  private let space = AttributeSpace()

  private func scorer(_ change: (inout LatencyScorer.Parameters) -> Void = { _ in }) -> LatencyScorer {
    var parameters = LatencyScorer.Parameters()
    change(&parameters)
    return LatencyScorer(
      parameters: parameters, latency: LatencyAttributes(space), match: PrefixMatchAttributes(space, producer: nil))
  }

  private func scores(
    _ scorer: LatencyScorer, ttft: [Double], tpot: [Double], dispatched: [Double]? = nil, unknown: Set<Int> = []
  ) -> [Double] {
    let pool = TestPool(ttft.count)
    pool.predict(
      ttft: ttft.indices.map { unknown.contains($0) ? .nan : 100 }, ttftHeadroom: ttft, tpotHeadroom: tpot,
      dispatched: dispatched ?? ttft.map { _ in 1 }, space)
    return scorer.scores(pool.cycle)
  }

  /// x = 0.8 · (0, 1/2, 1) + 0.2 · (0, 1/3, 1) = 0, 0.466…, 1.
  @Test func headroomIsBlended() {
    let (ttft, tpot) = ([100.0, 200, 300], [10.0, 20, 40])
    #expect(scores(scorer(), ttft: ttft, tpot: tpot) == [1.01, 0.54, 0.01])
    #expect(scores(scorer { $0.strategy = .most }, ttft: ttft, tpot: tpot) == [0.01, 0.47, 1.01])
  }

  @Test func bestScoreIsClampedInTheTotal() throws {
    let pool = TestPool(3)
    let profile = SchedulingProfile(
      name: "default", scorers: [.init(name: "latency", scorer: scorer(), weight: 2)], picker: MaxScorePicker())
    pool.cycle.trace = DecisionTrace()
    pool.predict(
      ttft: [1, 1, 1], ttftHeadroom: [100, 200, 300], tpotHeadroom: [10, 20, 40], dispatched: [1, 1, 1], space)
    _ = try Scheduler(profiles: [profile], handler: SingleProfileHandler()).schedule(pool.cycle)
    #expect(pool.cycle.trace?.profiles.first?.totals == [2, 1.08, 0.02])
  }

  @Test func oneCandidateIsInTheMiddle() {
    #expect(scores(scorer(), ttft: [100], tpot: [10]) == [0.51])
    #expect(scores(scorer { $0.strategy = .most }, ttft: [100], tpot: [10]) == [0.51])
  }

  @Test func rangeThatIsNoneLeavesTheWeightToTheOther() {
    // x = 0, 1/3, 1 by the second; x = 0, 1 by the first.
    #expect(scores(scorer(), ttft: [100, 100, 100], tpot: [10, 20, 40]) == [1.01, 0.67, 0.01])
    #expect(scores(scorer(), ttft: [100, 300], tpot: [0, 0]) == [1.01, 0.01])
    #expect(scores(scorer(), ttft: [100, 100], tpot: [7, 7]) == [0.51, 0.51])
  }

  @Test func withoutWeightsTheFirstTokenCounts() {
    let scorer = scorer {
      $0.ttftWeight = 0
      $0.tpotWeight = 0
    }
    #expect(scores(scorer, ttft: [100, 200, 300], tpot: [40, 20, 10]) == [1.01, 0.51, 0.01])
  }

  @Test func candidatesWithoutPredictionCountAsGoodOnes() {
    // Nothing known is a headroom of 0; the third misses an objective.
    #expect(scores(scorer(), ttft: [0, 100, -1], tpot: [0, 10, 10], unknown: [0]) == [1.01, 0.01, 0])
  }

  @Test func amongMissesIdleOnesAreAlone() {
    #expect(scores(scorer(), ttft: [-10, -20, -30], tpot: [-1, -2, -3], dispatched: [2, 0, 1]) == [0, 0.51, 0])
  }

  @Test func missesAreTakenGroupByGroup() {
    #expect(scores(scorer(), ttft: [-10, 10, -10], tpot: [5, -5, -5]) == [0, 0.51, 0])
    #expect(scores(scorer(), ttft: [-10, -20, -10], tpot: [5, 5, -5]) == [1.01, 0.01, 0])
    // The smallest miss is best, whatever the strategy.
    let most = scorer { $0.strategy = .most }
    #expect(scores(most, ttft: [-20, -10], tpot: [-3, -1]) == [0.01, 1.01])
  }

  /// c = ((1 − kv) + (maxQ − q) / maxQ + matched) / 3.
  @Test func withoutPredictionsLoadCounts() {
    let pool = TestPool(3)
    pool.store(.kvCacheUsage, [0.5, 0.25, 1])
    pool.store(.waitingQueueSize, [0, 3, 4])
    #expect(scorer().scores(pool.cycle) == [0.5, 0.33, 0])
    pool.match([0, 10, 5], of: 10, space)
    #expect(scorer().scores(pool.cycle) == [0.5, 0.67, 0.17])
    let onlyCache = scorer {
      $0.compositeKVWeight = 0
      $0.compositeQueueWeight = 0
      $0.compositePrefixWeight = 0
    }
    #expect(onlyCache.scores(pool.cycle) == [0.5, 0.75, 0])
    pool.store(.waitingQueueSize, [0, 0, 0])
    #expect(scorer().scores(pool.cycle) == [0.5, 0.58, 0.33])
    pool.predict(ttft: [.nan, .nan, .nan], space)
    #expect(scorer().scores(pool.cycle) == [0.5, 0.58, 0.33])
  }

  @Test func parametersAreChecked() throws {
    #expect(parameterProblems("latency-scorer", "headroomSelectionStrategy: some").first?.contains("least") == true)
    #expect(parameterProblems("latency-scorer", "ttftWeight: -1").isEmpty == false)
    let loaded = try load("plugins: [{type: latency-scorer}]")
    #expect(loaded.instance(named: "predicted-latency-producer") != nil)
    #expect(loaded.instance(named: "approx-prefix-cache-producer") != nil)
    #expect(loaded.readsPrompts)
  }
}
