import Endpoints
import Scheduling
import Testing

/// `context-length-aware`, computed by hand (plugin algorithms, scorers).
@Suite struct ContextLengthAwareTests {
  private static let label = "llm-d.ai/context-length-range"
  private let requests = Requests()

  private func cycle(_ ranges: [String?], tokens: Int) throws -> TestPool {
    let pool = TestPool(labels: ranges.map { range in range.map { [Self.label: $0] } ?? [:] })
    pool.cycle.begin(try request(tokens: tokens, requests), now: 0)
    return pool
  }

  private func plugin(filters: Bool = false) -> ContextLengthAware {
    ContextLengthAware(filters: filters, attributes: AttributeSpace())
  }

  @Test func scoreFallsWithWidthAndRisesWithRoom() throws {
    // 100 tokens. 0-10000: 0.7/2 + 0.3·9,900/10,000 = 0.647. 100-100: width 0. 100-1100: 0.7/1.1 + 0.3.
    let pool = try cycle(["0-10000", "100-100", "100-1100", "0-100"], tokens: 100)
    let expected = [0.3 + 0.7 * 0.647, 1, 0.3 + 0.7 * (0.7 / 1.1 + 0.3), 0.3 + 0.7 * (0.7 / 1.01)]
    for (score, expected) in zip(plugin().scores(pool.cycle), expected) { #expect(abs(score - expected) < 1e-12) }
  }

  @Test func scoreOutOfRangeFallsWithDistance() throws {
    let pool = try cycle(["1100-2000", "0-50", "101-200"], tokens: 100)
    let expected = [0.15, 0.3 / 1.05, 0.3 / 1.001]
    for (score, expected) in zip(plugin().scores(pool.cycle), expected) { #expect(abs(score - expected) < 1e-12) }
  }

  @Test func endpointsWithoutARangeScoreInTheMiddle() throws {
    let pool = try cycle([nil, "", "5", "9-1", "1-2-3", "a-b", " 100 - 100 "], tokens: 100)
    #expect(plugin().scores(pool.cycle) == [0.5, 0, 0, 0, 0, 0, 1])
  }

  @Test func filterDropsOnlyWhenEnabled() throws {
    let pool = try cycle([nil, "x", "100-200", "0-99", "0-100", "101-300"], tokens: 100)
    #expect(plugin(filters: true).kept(pool.cycle) == [true, false, true, false, true, false])
    #expect(plugin().kept(pool.cycle).allSatisfy { $0 })
  }

  @Test func requestWithoutPromptHasNoTokens() {
    let pool = TestPool(labels: [[Self.label: "0-0"], [Self.label: "1-2"]])
    #expect(plugin(filters: true).kept(pool.cycle) == [true, false])
  }

  @Test func labelCanBeChosenButNotEmpty() throws {
    let pool = TestPool(labels: [["length": "0-0"]])
    let plugin = try makePlugin("context-length-aware", "label: length", as: ContextLengthAware.self)
    #expect(plugin.scores(pool.cycle) == [1])
    #expect(parameterProblems("context-length-aware", "label: ''").first?.contains("label") == true)
  }

  @Test func profileUsesItAsFilterAndScorer() throws {
    let loaded = try load("plugins: [{type: context-length-aware, parameters: {enableFiltering: true}}]")
    let profile = try #require(loaded.scheduler.profiles.first)
    #expect(profile.filters.count == 1)
    #expect(profile.scorers.count == 1)
  }
}
