import Endpoints
import Scheduling
import Testing

/// Scorers of attributes and labels (plugin algorithms, scorers).
@Suite struct AttributeScorerTests {
  private func pool(_ values: [Double]) throws -> (TestPool, ColumnID) {
    let pool = TestPool(values.count)
    let column = try #require(pool.table.column(named: "gpu"))
    pool.store(column, values)
    return (pool, column)
  }

  @Test func adaptiveRangeIsThatOfTheCandidates() throws {
    let (pool, column) = try pool([10, 20, .nan, 50])
    #expect(EndpointAttributeScorer(column: column, .lowerIsBetter).scores(pool.cycle) == [1, 0.75, 0, 0])
    #expect(EndpointAttributeScorer(column: column, .higherIsBetter).scores(pool.cycle) == [0, 0.25, 0, 1])
  }

  @Test func equalOrSingleValuesScoreOne() throws {
    let (pool, column) = try pool([3, .nan, 3])
    #expect(EndpointAttributeScorer(column: column, .lowerIsBetter).scores(pool.cycle) == [1, 0, 1])
    let (single, other) = try self.pool([7])
    #expect(EndpointAttributeScorer(column: other, .higherIsBetter).scores(single.cycle) == [1])
    let (missing, third) = try self.pool([.nan, .nan])
    #expect(EndpointAttributeScorer(column: third, .higherIsBetter).scores(missing.cycle) == [0, 0])
  }

  @Test func fixedRangeClamps() throws {
    let (pool, column) = try pool([-1, 0, 2.5, 10, 99, .nan])
    let low = EndpointAttributeScorer(column: column, .lowerIsBetter, fixedRange: 0...10)
    #expect(low.scores(pool.cycle) == [1, 1, 0.75, 0, 0, 0])
    let high = EndpointAttributeScorer(column: column, .higherIsBetter, fixedRange: 0...10)
    #expect(high.scores(pool.cycle) == [0, 0, 0.25, 1, 1, 0])
  }

  @Test func parametersAreRead() throws {
    let (pool, _) = try pool([0, 5, 20])
    let scorer = try makePlugin(
      "endpoint-attribute-scorer",
      """
      attributeKey: gpu, producer: core-metrics-extractor,
      algorithm: {type: linear_higher_is_better, normalization: {fixedRange: {min: 0, max: 10}}}
      """, as: (any Scorer).self, endpoints: pool.table)
    #expect(scorer.scores(pool.cycle) == [0, 0.5, 1])
  }

  @Test(arguments: [
    ("algorithm: {type: linear_lower_is_better}", "attributeKey"), ("attributeKey: a", "algorithm"),
    ("attributeKey: a, algorithm: {}", "type"), ("attributeKey: a, algorithm: {type: square}", "type"),
    ("attributeKey: a/b, algorithm: {type: linear_lower_is_better}", "producer"),
    (
      "attributeKey: a, algorithm: {type: linear_lower_is_better, normalization: {fixedRange: {min: 1, max: 1}}}",
      "max"
    ),
  ])
  func wrongParametersAreReported(parameters: String, field: String) {
    #expect(parameterProblems("endpoint-attribute-scorer", parameters).contains { $0.contains(field) })
  }

  @Test func headerPicksEndpointsByLabel() throws {
    let pool = TestPool(labels: [["zone": "a"], ["zone": "b"], [:], ["zone": "a"], ["zone": ""]])
    let scorer = try makePlugin(
      "header-label-affinity-scorer", "headerName: X-Zone, labelKey: zone", as: (any Scorer).self)
    #expect(scorer.scores(pool.cycle) == [0, 0, 0, 0, 0])
    for (value, expected) in [("a", [1.0, 0, 0, 1, 0]), ("c", [0, 0, 0, 0, 0]), ("", [0, 0, 0, 0, 0])] {
      let headers = TestHeaders(["x-zone": value])
      pool.begin(headers)
      #expect(scorer.scores(pool.cycle) == expected)
    }
    #expect(parameterProblems("header-label-affinity-scorer", "headerName: x").first?.contains("labelKey") == true)
  }
}
