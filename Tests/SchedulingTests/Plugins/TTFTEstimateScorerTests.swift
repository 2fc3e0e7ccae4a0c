import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// Estimates of the time to the first token, computed by hand.
@Suite struct TTFTEstimateScorerTests {
  private let space = AttributeSpace()
  private let requests = Requests()

  private func scorer(_ pool: TestPool, computeWeight: Double = 0, decode: Double = 0) -> TTFTEstimateScorer {
    var parameters = TTFTEstimateScorer.Parameters()
    parameters.prefillTokensPerSecond = 1_000
    parameters.computeWeight = computeWeight
    parameters.decodeSecondsPerSequence = decode
    return TTFTEstimateScorer(
      parameters: parameters, load: InFlightLoadAttributes(space), endpoints: pool.table)
  }

  /// A request of 512 tokens of which the candidates have so many blocks of 128 cached.
  private func begin(_ pool: TestPool, cached: [Double]) throws {
    pool.cycle.begin(try request(tokens: 512, requests), now: 0)
    pool.match(cached, of: 4, blockSize: 128, space)
    InFlightLoadProducer(match: PrefixMatchAttributes(space, producer: nil), load: InFlightLoadAttributes(space))
      .produce(pool.cycle)
  }

  @Test func uncachedAndPendingTokensTakeTheirTimeAtTheRate() throws {
    let pool = TestPool(3)
    let placements = pool.load([[], [1_000], [244, 500]])
    try begin(pool, cached: [0, 4, 2])
    #expect(scorer(pool).estimates(pool.cycle) == [0.512, 1.0, 1.0])
    #expect(scorer(pool).scores(pool.cycle) == [1, 0.512, 0.512])
    for placement in placements { placement.end() }
  }

  @Test func computingCountsMoreThanWaiting() throws {
    let pool = TestPool(2)
    let placements = pool.load([[], [640]])
    try begin(pool, cached: [0, 4])
    // 2 · 0.512 s of an idle server against a queue of 0.64 s where nothing is to be computed.
    #expect(scorer(pool, computeWeight: 1).scores(pool.cycle) == [0.625, 1])
    #expect(scorer(pool).estimates(pool.cycle) == [0.512, 0.64])
    for placement in placements { placement.end() }
  }

  @Test func runningSequencesLengthenSteps() throws {
    let pool = TestPool(2)
    pool.store(.runningRequests, [0, 8])
    try begin(pool, cached: [0, 0])
    // 1 + 512 / 2048 steps of 8 · 0.016 s more.
    let estimates = scorer(pool, decode: 0.016).estimates(pool.cycle)
    #expect(estimates[0] == 0.512)
    #expect(abs(estimates[1] - (0.512 + 8 * 0.016 * 1.25)) < 1e-12)
  }

  @Test func onlyRequestsOfOthersCountAsQueueBesideThoseInFlight() throws {
    let pool = TestPool(2)
    let placements = pool.load([[100, 100], []])
    pool.store(.waitingQueueSize, [2, 2])
    // The scrape shows what was placed, so nothing is unseen.
    for slot in 0..<2 {
      pool.table.scrapeStarted(slot: slot)
      pool.table.scrapeSucceeded(slot: slot)
    }
    let scorer = scorer(pool)
    scorer.rates.noteRequest(tokens: 300)
    try begin(pool, cached: [4, 4])
    #expect(scorer.estimates(pool.cycle) == [0.2, 0.6])
    for placement in placements { placement.end() }
  }

  @Test func ratesAreLearnedFromFirstTokensForEachEndpoint() throws {
    let pool = TestPool(2)
    let scorer = scorer(pool)
    let first = try #require(pool.endpoint(1))
    scorer.rates.observe(tokens: 32_768, seconds: 8.192, endpoint: first)
    // 65,536 tokens in 32.768 s of the prior and 8.192 s seen.
    #expect(abs(scorer.rates.rate(slot: first.slot) - 1_600) < 1e-9)
    #expect(scorer.rates.rate(slot: first.slot + 1) == 1_000)
    for _ in 0..<400 { scorer.rates.observe(tokens: 32_768, seconds: 8.192, endpoint: first) }
    // Fifty samples count, and one of the prior.
    #expect(abs(scorer.rates.rate(slot: first.slot) - 51 * 32_768 / (32.768 + 50 * 8.192)) < 5)
    scorer.rates.observe(tokens: 1_000, seconds: 0, endpoint: first)
    scorer.rates.observe(tokens: 1_000, seconds: .nan, endpoint: first)
    #expect(scorer.rates.rate(slot: first.slot).isFinite)
  }
}
