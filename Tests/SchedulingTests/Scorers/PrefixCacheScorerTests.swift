import Endpoints
import Scheduling
import Testing

/// Scores of `prefix-cache-scorer` for given matches, computed by hand (plugin algorithms, scorers).
@Suite struct PrefixCacheScorerTests {
  private let space = AttributeSpace()

  private func pool(matched: [Double], of total: Double?, blockSize: Double = 64) -> TestPool {
    let pool = TestPool(matched.count)
    let match = PrefixMatchAttributes(space, producer: nil)
    _ = pool.cycle.makeAttribute(match.matchedBlocks).update(fromContentsOf: matched)
    if let total { pool.cycle.setScalar(match.totalBlocks, total) }
    pool.cycle.setScalar(match.blockSize, blockSize)
    return pool
  }

  private func scorer(weight: Double = 0, scale: Double = 8_192, producer: String? = nil) -> PrefixCacheScorer {
    PrefixCacheScorer(
      match: PrefixMatchAttributes(space, producer: producer), matchLengthWeight: weight,
      matchLengthScaleTokens: scale)
  }

  @Test func matchedPartOfThePromptIsTheScore() {
    #expect(scorer().scores(pool(matched: [8, 0, 2, 6], of: 8).cycle) == [1, 0, 0.25, 0.75])
  }

  @Test func promptWithoutBlocksScoresZero() {
    #expect(scorer().scores(pool(matched: [3, 5], of: 0).cycle) == [0, 0])
    #expect(scorer().scores(pool(matched: [3, 5], of: nil).cycle) == [0, 0])
    #expect(scorer().scores(TestPool(2).cycle) == [0, 0])
  }

  @Test func lengthOfTheMatchCountsByItsWeight() {
    // 16 of 32 blocks of 64 tokens: r = 1/2, L = min(1, 1,024 / 2,048) = 1/2, score = 1/2 · 1/4 + 1/2 · 1/2.
    // All 32 blocks: r = 1, L = 1. 8 blocks: r = 1/4, L = 1/4, score = 1/2 · 1/16 + 1/2 · 1/4.
    let cycle = pool(matched: [16, 32, 8, 0], of: 32).cycle
    #expect(scorer(weight: 0.5, scale: 2_048).scores(cycle) == [0.375, 1, 0.15625, 0])
  }

  @Test func lengthAloneIsTheSquareOfItsPartOfTheScale() {
    // 64 blocks are 4,096 tokens, half of the default scale; 256 are twice the scale and count as the scale.
    let cycle = pool(matched: [64, 256, 0], of: 512).cycle
    #expect(scorer(weight: 1).scores(cycle) == [0.25, 1, 0])
  }

  @Test func readsTheProducerItIsToldTo() {
    let pool = TestPool(2)
    let other = PrefixMatchAttributes(space, producer: "other")
    _ = pool.cycle.makeAttribute(other.matchedBlocks).update(fromContentsOf: [0, 4])
    pool.cycle.setScalar(other.totalBlocks, 4)
    #expect(scorer(producer: "other").scores(pool.cycle) == [0, 1])
    #expect(scorer().scores(pool.cycle) == [0, 0])
  }

  @Test func matchesFollowTheFilters() throws {
    let pool = pool(matched: [4, 3, 2, 1], of: 4)
    pool.cycle.trace = DecisionTrace()
    let profile = SchedulingProfile(
      name: "default", filters: [("drop", DroppingFilter(1, 3))],
      scorers: [.init(name: "prefix", scorer: scorer(), weight: 2)], picker: MaxScorePicker())
    _ = try Scheduler(profiles: [profile], handler: SingleProfileHandler()).schedule(pool.cycle)
    let trace = try #require(pool.cycle.trace?.profiles.first)
    #expect(trace.endpoints == ["10.0.0.2:8000", "10.0.0.4:8000"])
    #expect(trace.scorers.first?.scores == [0.75, 0.25])
    #expect(trace.totals == [1.5, 0.5])
    #expect(trace.picks == ["10.0.0.2:8000"])
  }
}
