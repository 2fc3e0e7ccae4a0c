import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// Estimates of the time to the first token, computed by hand.
@Suite struct TTFTEstimateScorerTests {
  private let space = AttributeSpace()
  private let requests = Requests()

  private func scorer(_ pool: TestPool, computeWeight: Double = 0, perSecond: Double = 0, decode: Double = 0)
    -> TTFTEstimateScorer
  {
    var parameters = TTFTEstimateScorer.Parameters()
    parameters.prefillTokensPerSecond = 1_000
    parameters.computeWeight = computeWeight
    parameters.computeWeightPerSecond = perSecond
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

  @Test func poolIsSaturatedWhenEveryEndpointHasEnoughAhead() throws {
    let pool = TestPool(2)
    let scorer = scorer(pool)
    try begin(pool, cached: [0, 0])
    #expect(scorer.saturation(pool.cycle) == 0)
    let placements = pool.load([[700, 600], [2_500]])
    scorer.rates.noteRequest(tokens: 1_000, isStreamed: true)
    try begin(pool, cached: [0, 0])
    #expect(scorer.saturation(pool.cycle) == 1.3, "of 1.3 and 2.5 seconds")
    // From now on some responses are not streamed, so what is pending may have been computed long ago.
    for _ in 0..<10 { scorer.rates.noteRequest(tokens: 500, isStreamed: false) }
    let mean = scorer.rates.meanTokens
    try begin(pool, cached: [0, 0])
    // Two placed here and one there since the last look, which is less than the tokens that are pending there.
    #expect(scorer.saturation(pool.cycle) == min(1_300, 2 * mean, 2_500, mean) / 1_000)
    pool.table.scrapeStarted(slot: pool.cycle.endpoint(1).slot)
    pool.table.scrapeSucceeded(slot: pool.cycle.endpoint(1).slot)
    try begin(pool, cached: [0, 0])
    #expect(scorer.saturation(pool.cycle) == 0, "its server has nothing in its queue, whatever is pending")
    for placement in placements { placement.end() }
  }

  /// Candidates are computed several at a time and the rest one by one, and from the table itself unless some of its
  /// endpoints are gone; all give what the formula gives.
  @Test(arguments: [1, 3, 4, 5, 8, 19, 40], [false, true])
  func estimatesOfManyAreThoseOfEach(count: Int, oneIsGone: Bool) throws {
    let pool = TestPool(oneIsGone ? count + 1 : count)
    if oneIsGone { pool.table.replaceAll(with: (2...(count + 1)).map(TestPool.descriptor)) }
    pool.cycle.begin(SchedulingRequest(), now: 0)
    let scorer = scorer(pool, decode: 0.016)
    scorer.rates.noteRequest(tokens: 300, isStreamed: true)
    let waiting = (0..<count).map { Double(($0 + 1) * 7 % 5) }
    let running = (0..<count).map { Double($0 * 11 % 13) }
    let cached = (0..<count).map { Double($0 * 3 % 5) }
    pool.store(.waitingQueueSize, waiting)
    pool.store(.runningRequests, running)
    let endpoints = pool.table.snapshot().endpoints
    let placed = endpoints.filter { $0.slot % 4 == 1 }
    for endpoint in placed { pool.reserve(endpoint, promptTokens: 900 + endpoint.slot) }
    for endpoint in endpoints where endpoint.slot % 3 == 0 {
      for _ in 0..<50 {
        scorer.rates.observe(tokens: 10_000, seconds: 4 + Double(endpoint.slot), endpoint: endpoint)
      }
    }
    try begin(pool, cached: cached)
    let estimates = scorer.estimates(pool.cycle)
    var least = Double.infinity
    for (position, endpoint) in endpoints.enumerated() {
      let isPlaced = endpoint.slot % 4 == 1
      let own = 512 - 128 * cached[position]
      let ahead = 300 * waiting[position] + (isPlaced ? 900 + Double(endpoint.slot) : 0)
      let sequences = running[position] + (isPlaced ? 1 : 0)
      let rate = scorer.rates.rate(slot: endpoint.slot)
      let expected = (own + ahead) / rate + 0.016 * sequences * (1 + (own + ahead) / 2_048)
      #expect(abs(estimates[position] - expected) < 1e-9)
      least = min(least, ahead / rate)
    }
    #expect(scorer.rates.streamedShare == 1)
    #expect(abs(scorer.saturation(pool.cycle) - least) < 1e-9)
    defer { pool.endRequests() }
    let costs = estimates.map { (estimates.min() ?? 0) / $0 }
    #expect(zip(scorer.scores(pool.cycle), costs).allSatisfy { abs($0 - $1) < 1e-9 })
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

  @Test func computingCountsForMoreTheLongerWorkWaits() throws {
    let pool = TestPool(2)
    let placements = pool.load([[1_000], [3_000]])
    let scorer = scorer(pool, computeWeight: 1, perSecond: 2)
    try begin(pool, cached: [0, 4])
    // The 0.512 s of the first count twice on top of 1 s of waiting; the second computes nothing and waits 3 s.
    #expect(scorer.scores(pool.cycle) == [1, 2.024 / 3])
    // 2 s of work wait on average. After a second they count for too little to matter, after many more in full, 1 + 2 · 2 times.
    for now in stride(from: 1.0, through: 2_000, by: 1) {
      pool.cycle.begin(try request(tokens: 512, requests), now: now)
      pool.match([0, 4], of: 4, blockSize: 128, space)
      InFlightLoadProducer(match: PrefixMatchAttributes(space, producer: nil), load: InFlightLoadAttributes(space))
        .produce(pool.cycle)
      let first = scorer.scores(pool.cycle)[0]
      if now == 2 { #expect(first == 1) }
      if now == 2_000 { #expect(abs(first - 3 / (1.512 + 5 * 0.512)) < 1e-6) }
    }
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
    scorer.rates.noteRequest(tokens: 300, isStreamed: true)
    try begin(pool, cached: [4, 4])
    #expect(scorer.estimates(pool.cycle) == [0.2, 0.6])
    for placement in placements { placement.end() }
  }

  @Test func ratesAreLearnedFromFirstTokens() throws {
    let pool = TestPool(3)
    let rates = scorer(pool).rates
    let (first, other) = (try #require(pool.endpoint(1)), try #require(pool.endpoint(2)))
    #expect(rates.rate(slot: first.slot) == 1_000)
    rates.observe(tokens: 32_768, seconds: 8.192, endpoint: first)
    // 65,536 tokens in 32.768 s of the prior and 8.192 s seen; the same again, from there, for the endpoint: 2,286 a
    // second, which is 1.429 times the mean, of which 1.4 counts by three tenths.
    let quotient = 65_536 / (32_768 / 1_600 + 8.192) / 1_600
    #expect(abs(rates.rate(slot: other.slot) - 1_600) < 1e-9)
    #expect(abs(rates.rate(slot: first.slot) - 1_600 * 1.12 * quotient / 1.4) < 1e-9)
    for _ in 0..<4_000 { rates.observe(tokens: 32_768, seconds: 8.192, endpoint: first) }
    for slot in [first.slot, other.slot] { #expect((3_950...4_000).contains(rates.rate(slot: slot))) }
    rates.observe(tokens: 1_000, seconds: 0, endpoint: first)
    rates.observe(tokens: 1_000, seconds: .nan, endpoint: first)
    #expect(rates.rate(slot: first.slot).isFinite)
  }

  /// What an endpoint computed before a first token: the prompt, and those that were ahead of it.
  @Test func firstTokensTellOfAllThatWasAhead() throws {
    let pool = TestPool(2)
    let (endpoint, other) = (try #require(pool.endpoint(1)), try #require(pool.endpoint(2)))
    let only = SchedulingProfile(name: "default", filters: [("first", OnlyFirst())], picker: MaxScorePicker())
    func learn(ahead: Int) throws -> Double {
      let scorer = scorer(pool)
      let scheduler = Scheduler(profiles: [only], handler: SingleProfileHandler())
      if ahead > 0 { pool.reserve(endpoint, promptTokens: ahead) }
      try pool.place(try requests.tokens([Array(repeating: 1, count: 2_048)], isStreaming: true), by: scheduler)
      let request = try #require(scorer.requestBegan(pool.cycle))
      request.responseBegan(after: 2)
      pool.endRequests()
      return scorer.rates.rate(slot: other.slot)
    }
    // Pulled towards 32,768 tokens at the prior's rate.
    #expect(abs(try learn(ahead: 0) - 34_816 / (32.768 + 2)) < 1e-9)
    #expect(abs(try learn(ahead: 6_000) - 40_816 / (32.768 + 2)) < 1e-9)
  }

  @Test func whatWasLearnedCountsAMomentLater() throws {
    let pool = TestPool(1)
    let scorer = scorer(pool)
    let endpoint = try #require(pool.endpoint(1))
    func estimate(_ now: Double) throws -> Double {
      pool.cycle.begin(try request(tokens: 512, requests), now: now)
      return scorer.estimates(pool.cycle)[0]
    }
    for _ in 0..<2_000 { scorer.rates.observe(tokens: 10_000, seconds: 5, endpoint: endpoint) }
    let before = 512 / scorer.rates.rate(slot: endpoint.slot)
    #expect(abs(try estimate(100) - before) < 1e-9)
    for _ in 0..<2_000 { scorer.rates.observe(tokens: 10_000, seconds: 1, endpoint: endpoint) }
    let after = 512 / scorer.rates.rate(slot: endpoint.slot)
    #expect(after < before / 2)
    #expect(abs(try estimate(100 + 0.005) - before) < 1e-9)
    #expect(abs(try estimate(100 + 0.01) - after) < 1e-9)
    for _ in 0..<2_000 { scorer.rates.observe(tokens: 10_000, seconds: 5, endpoint: endpoint) }
    #expect(abs(try estimate(1) - 512 / scorer.rates.rate(slot: endpoint.slot)) < 1e-9, "the clock began anew")
  }

  /// Servers that are alike have rates that differ by chance; they are taken to differ by less. Others are told apart.
  @Test func onlyGreatDifferencesBetweenRatesCount() throws {
    let pool = TestPool(3)
    let rates = scorer(pool).rates
    let endpoints = pool.table.snapshot().endpoints
    let seconds = [1.0, 1.2, 3.0]
    for _ in 0..<3_000 {
      for (endpoint, seconds) in zip(endpoints, seconds) {
        rates.observe(tokens: 4_000, seconds: seconds, endpoint: endpoint)
      }
    }
    let learned = endpoints.map { rates.rate(slot: $0.slot) }
    // Measured: 4,000, 3,333 and 1,333 a second; on average 12,000 in 5.2 s.
    #expect(learned[0] / learned[1] < 1.2 && learned[0] > learned[1])
    #expect(learned[0] / learned[2] > 1.7)
  }
}

/// Keeps the first candidate.
private struct OnlyFirst: Filter {
  func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    for position in keep.indices.dropFirst() { keep[position] = false }
  }
}
