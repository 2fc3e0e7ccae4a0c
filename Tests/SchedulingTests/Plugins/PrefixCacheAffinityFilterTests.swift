import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// `prefix-cache-affinity-filter` (plugin algorithms, filters).
@Suite struct PrefixCacheAffinityFilterTests {
  private let space = AttributeSpace()

  private func filter(
    threshold: Double = 0.8, exploration: Double = 0, penalty: Double = 18_000, throughput: Double = 1_000
  ) -> PrefixCacheAffinityFilter {
    var parameters = PrefixCacheAffinityFilter.Parameters()
    parameters.affinityThreshold = threshold
    parameters.explorationProbability = exploration
    parameters.maxTTFTPenaltyMs = penalty
    parameters.peakPrefillThroughput = throughput
    return PrefixCacheAffinityFilter(parameters: parameters, match: PrefixMatchAttributes(space, producer: nil))
  }

  @Test func defaultsAreThoseOfTheReference() {
    let parameters = PrefixCacheAffinityFilter.Parameters()
    #expect(parameters.affinityThreshold == 0.8)
    #expect(parameters.explorationProbability == 0)
    #expect(parameters.maxTTFTPenaltyMs == 18_000)
    #expect(parameters.peakPrefillThroughput == 15_928)
  }

  @Test func keepsCandidatesThatHoldEnoughOfThePrompt() {
    let pool = TestPool(4)
    pool.match([8, 7, 10, 0], of: 10, space)
    #expect(filter().kept(pool.cycle) == [true, false, true, false])
    #expect(filter(threshold: 0.9).kept(pool.cycle) == [false, false, true, false])
  }

  @Test func keepsAllWhenNobodyHoldsEnoughOrItIsOff() {
    let pool = TestPool(3)
    #expect(filter().kept(pool.cycle) == [true, true, true])
    pool.match([7, 1, 0], of: 10, space)
    #expect(filter().kept(pool.cycle) == [true, true, true])
    pool.match([10, 1, 0], of: 10, space)
    #expect(filter(threshold: 0).kept(pool.cycle) == [true, true, true])
    pool.match([0, 0, 0], of: 0, space)
    #expect(filter().kept(pool.cycle) == [true, true, true])
  }

  @Test func stickyCandidatesMayTakeLongerUpToThePenalty() {
    let pool = TestPool(3)
    // 2,500, 1,500 and 500 ms at 1,000 tokens a second: the best sticky candidate takes 1,000 ms longer.
    let placements = pool.load([[2_500], [1_500], [500]])
    pool.match([10, 10, 0], of: 10, space)
    #expect(filter(penalty: 1_000).kept(pool.cycle) == [true, true, false])
    #expect(filter(penalty: 999).kept(pool.cycle) == [true, true, true])
    // 0 means that any time is fine.
    #expect(filter(penalty: 0).kept(pool.cycle) == [true, true, false])
    #expect(filter(penalty: 999, throughput: 2_000).kept(pool.cycle) == [true, true, false])
    for placement in placements { placement.end() }
  }

  @Test func onlyStickyCandidatesOrOneAloneStay() {
    let pool = TestPool(2)
    pool.match([10, 9], of: 10, space)
    #expect(filter().kept(pool.cycle) == [true, true])
    let single = TestPool(1)
    single.match([0], of: 10, space)
    #expect(filter().kept(single.cycle) == [true])
  }

  @Test func explorationLetsRequestsPass() {
    let pool = TestPool(2)
    pool.match([10, 0], of: 10, space)
    #expect(filter(exploration: 1).kept(pool.cycle) == [true, true])
    let explored = (0..<4_000).filter { _ in filter(exploration: 0.25).kept(pool.cycle) == [true, true] }.count
    #expect(ChiSquare.statistic([explored, 4_000 - explored], shares: [1, 3]) < ChiSquare.limits[2] ?? 0)
  }

  @Test func predictedTimesCountWhereConfigured() {
    let pool = TestPool(3)
    func kept(_ ttft: [Double], penalty: Double) -> [Bool] {
      var parameters = PrefixCacheAffinityFilter.Parameters()
      parameters.maxTTFTPenaltyMs = penalty
      let filter = PrefixCacheAffinityFilter(
        parameters: parameters, match: PrefixMatchAttributes(space, producer: nil), latency: LatencyAttributes(space))
      pool.cycle.begin(SchedulingRequest(), now: 0)
      pool.match([10, 10, 0], of: 10, space)
      if !ttft.isEmpty { pool.predict(ttft: ttft, space) }
      return filter.kept(pool.cycle)
    }
    #expect(kept([9_000, 6_000, 1_000], penalty: 5_000) == [true, true, false])
    #expect(kept([9_000, 6_001, 1_000], penalty: 5_000) == [true, true, true])
    // Without a prediction a candidate comes last, and nothing is known of any without predictions.
    #expect(kept([.nan, .nan, 1_000], penalty: 5_000) == [true, true, true])
    #expect(kept([9_000, 9_000, .nan], penalty: 5_000) == [true, true, false])
    #expect(kept([], penalty: 5_000) == [true, true, false])
  }

  @Test func onlyTheSourceInUseIsRequired() throws {
    let predicted = try load(
      "plugins: [{type: prefix-cache-affinity-filter, parameters: {ttftSource: latencyPredictor}}]")
    #expect(predicted.instance(named: "predicted-latency-producer") != nil)
    #expect(predicted.instance(named: "inflight-load-producer") == nil)
    let older = try load("plugins: [{type: prefix-cache-affinity-filter}]", lineage: .inferenceExtension)
    #expect(older.instance(named: "predicted-latency-producer") == nil)
  }

  @Test func wrongParametersAreRefused() {
    #expect(parameterProblems("prefix-cache-affinity-filter", "ttftSource: ''").first?.contains("ttftSource") == true)
    #expect(parameterProblems("prefix-cache-affinity-filter", "affinityThreshold: 1.5").isEmpty == false)
    #expect(parameterProblems("prefix-cache-affinity-filter", "peakPrefillThroughput: 0").isEmpty == false)
  }

  @Test func producersOfWhatItReadsAreMade() throws {
    let loaded = try load("plugins: [{type: prefix-cache-affinity-filter}]")
    #expect(loaded.instance(named: "approx-prefix-cache-producer") != nil)
    #expect(loaded.instance(named: "inflight-load-producer") != nil)
  }

  /// The older API version compares predicted times only; without predictions load does not matter, and one request in a
  /// hundred explores.
  @Test func olderVersionExploresAndKnowsNoPenalty() throws {
    let pool = TestPool(2)
    let registration = try #require(PluginRegistry.builtIn.registration(for: "prefix-cache-affinity-filter"))
    let decoder = ParameterDecoder(nil, at: PickerConfiguration.SourceLocation(source: "test"), unknownFields: .reject)
    let context = PluginContext(
      name: "sticky", parameters: decoder, endpoints: pool.table, attributes: space, lineage: .inferenceExtension)
    let filter = try #require(try registration.make(context) as? any Filter)
    pool.reserve(try #require(pool.endpoint(1)), promptTokens: 100_000_000)
    var explored = 0
    for _ in 0..<5_000 {
      pool.cycle.begin(SchedulingRequest(), now: 0)
      pool.match([10, 0], of: 10, space)
      if filter.kept(pool.cycle) == [true, true] { explored += 1 }
    }
    pool.endRequests()
    #expect(ChiSquare.statistic([explored, 5_000 - explored], shares: [0.01, 0.99]) < 10.83)
  }
}
