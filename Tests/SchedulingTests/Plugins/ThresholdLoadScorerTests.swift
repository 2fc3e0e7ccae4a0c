import Endpoints
import Scheduling
import Testing

/// Scorers of load in flight and of queues against fixed thresholds, computed by hand (plugin algorithms, scorers).
@Suite struct ThresholdLoadScorerTests {
  private let space = AttributeSpace()
  private let requests = Requests()

  private func tokenLoad(_ threshold: Int) -> TokenLoadScorer {
    TokenLoadScorer(threshold: threshold, load: InFlightLoadAttributes(space))
  }

  @Test func tokensInFlightLowerTheScore() {
    let pool = TestPool(4)
    let placements = pool.load([[], [250], [600, 150], [2_000]])
    #expect(tokenLoad(1_000).scores(pool.cycle) == [1, 0.75, 0.25, 0])
    for placement in placements { placement.end() }
  }

  @Test func tokensOfTheRequestCountWhereTheyAreNotCached() throws {
    let pool = TestPool(2)
    let placements = pool.load([[256], [0]])
    pool.cycle.begin(try request(tokens: 512, requests), now: 0)
    // Four blocks of 128 tokens: the first candidate has all, the second two of them.
    pool.match([4, 2], of: 4, blockSize: 128, space)
    let load = InFlightLoadAttributes(space)
    InFlightLoadProducer(match: PrefixMatchAttributes(space, producer: nil), load: load).produce(pool.cycle)
    #expect(tokenLoad(1_024).scores(pool.cycle) == [0.75, 0.75])
    for placement in placements { placement.end() }
  }

  @Test func tokenThresholdHasADefault() {
    let pool = TestPool(1)
    let placements = pool.load([[2_097_152]])
    #expect(tokenLoad(0).scores(pool.cycle) == [0.5])
    #expect(tokenLoad(-3).scores(pool.cycle) == [0.5])
    for placement in placements { placement.end() }
  }

  @Test func fewestActiveRequestsScoreBest() {
    let pool = TestPool(4)
    let placements = pool.load([[1, 1, 1, 1], [1], [], [1, 1, 1]])
    #expect(ActiveRequestScorer().scores(pool.cycle) == [0, 0.75, 1, 0.25])
    #expect(ActiveRequestScorer(maxBusyScore: 0.5).scores(pool.cycle) == [0, 0.375, 1, 0.125])
    #expect(ActiveRequestScorer(idleThreshold: 1).scores(pool.cycle) == [0, 1, 1, 0.25])
    #expect(ActiveRequestScorer(maxBusyScore: 7).scores(pool.cycle) == [0, 0.75, 1, 0.25])
    for placement in placements { placement.end() }
  }

  @Test func idlePoolScoresOne() {
    #expect(ActiveRequestScorer().scores(TestPool(3).cycle) == [1, 1, 1])
    #expect(ActiveRequestScorer(idleThreshold: -1).scores(TestPool(2).cycle) == [1, 1])
    #expect(ActiveRequestScorer().scores(TestPool(0).cycle).isEmpty)
  }

  @Test func equalBusyCandidatesAllScoreZero() {
    let pool = TestPool(2)
    let placements = pool.load([[1], [1]])
    #expect(ActiveRequestScorer().scores(pool.cycle) == [0, 0])
    for placement in placements { placement.end() }
  }

  @Test func queueAgainstAThreshold() {
    let pool = TestPool(5)
    pool.store(.waitingQueueSize, [0, 32, 64, 128, 500])
    #expect(LoadAwareScorer().scores(pool.cycle) == [0.5, 0.375, 0.25, 0, 0])
    #expect(LoadAwareScorer(threshold: 0).scores(pool.cycle) == [0.5, 0.375, 0.25, 0, 0])
    #expect(LoadAwareScorer(threshold: 64).scores(pool.cycle) == [0.5, 0.25, 0, 0, 0])
  }

  @Test func parametersAreRead() throws {
    let pool = TestPool(2)
    pool.store(.waitingQueueSize, [1, 2])
    let aware = try makePlugin("load-aware-scorer", "threshold: 4", as: LoadAwareScorer.self)
    #expect(aware.scores(pool.cycle) == [0.375, 0.25])
    let placements = pool.load([[50], [100]])
    let tokens = try makePlugin("token-load-scorer", "queueThresholdTokens: 200", as: TokenLoadScorer.self)
    #expect(tokens.scores(pool.cycle) == [0.75, 0.5])
    let active = try makePlugin(
      "active-request-scorer", "idleThreshold: 1, maxBusyScore: 2", as: ActiveRequestScorer.self)
    #expect(active.scores(pool.cycle) == [1, 1])
    for placement in placements { placement.end() }
  }

  @Test func namedProducersMustExist() {
    #expect(
      parameterProblems("token-load-scorer", "inFlightLoadProducerName: other").first?.contains("\"other\"") == true)
    let wrong = problems(
      """
      plugins:
      - {type: approx-prefix-cache-producer}
      - {type: token-load-scorer, parameters: {inFlightLoadProducerName: approx-prefix-cache-producer}}
      """)
    #expect(wrong.first?.contains("does not produce") == true)
  }
}
