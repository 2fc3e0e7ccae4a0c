import Endpoints
import Scheduling
import Testing

/// `utilization-filter` and `endpoint-attribute-filter` (plugin algorithms, filters).
@Suite struct UtilizationFilterTests {
  private func pool() -> TestPool {
    let pool = TestPool(4)
    pool.store(.runningRequests, [0, 4, 5, 0])
    pool.store(.waitingQueueSize, [0, 2, 0, 3])
    pool.store(.kvCacheUsage, [0.5, 0.5, 0.25, 0.75])
    return pool
  }

  @Test(arguments: [
    ("{metric: running-requests, maxValue: 4}", [true, true, false, true]),
    ("{metric: waiting-queue, maxValue: 2}", [true, true, true, false]),
    ("{metric: kv-cache-utilization, maxValue: 0.5}", [true, true, true, false]),
    ("{metric: running-requests, maxValue: 4}, {metric: waiting-queue, maxValue: 0}", [true, false, false, false]),
    ("{metric: kv-cache-utilization, maxValue: 0}", [false, false, false, false]),
  ])
  func keepsEndpointsWithinAllLimits(conditions: String, expected: [Bool]) throws {
    let filter = try makePlugin("utilization-filter", "conditions: [\(conditions)]", as: (any Filter).self)
    #expect(filter.kept(pool().cycle) == expected)
  }

  @Test func requestsInFlightAreThoseOfThisProcess() throws {
    let pool = TestPool(3)
    let placements = pool.load([[1, 1], [1], []])
    let filter = try makePlugin(
      "utilization-filter", "conditions: [{metric: active-requests, maxValue: 1}]", as: (any Filter).self)
    #expect(filter.kept(pool.cycle) == [false, true, true])
    for placement in placements { placement.end() }
  }

  @Test func fallsBackToAllWhenToldTo() throws {
    let filter = try makePlugin(
      "utilization-filter", "fallbackOnEmpty: true, conditions: [{metric: kv-cache-utilization, maxValue: 0.1}]",
      as: (any Filter).self)
    #expect(filter.kept(pool().cycle) == [true, true, true, true])
  }

  @Test(arguments: [
    ("", "conditions"), ("conditions: []", "conditions"), ("conditions: [{metric: cpu, maxValue: 1}]", "metric"),
    ("conditions: [{maxValue: 1}]", "metric"), ("conditions: [{metric: waiting-queue}]", "maxValue"),
    ("conditions: [{metric: waiting-queue, maxValue: -1}]", "maxValue"),
    ("conditions: [{metric: kv-cache-utilization, maxValue: 2}]", "maxValue"),
  ])
  func wrongLimitsAreReported(parameters: String, field: String) {
    #expect(parameterProblems("utilization-filter", parameters).first?.contains(field) == true)
  }

  @Test(arguments: [
    ("LessThan", [true, false, false, true]), ("LessThanOrEqual", [true, true, false, true]),
    ("GreaterThan", [false, false, true, true]), ("GreaterThanOrEqual", [false, true, true, true]),
    ("Equal", [false, true, false, true]), ("NotEqual", [true, false, true, true]),
  ])
  func attributesCompareWithTheThreshold(comparison: String, expected: [Bool]) throws {
    let pool = TestPool(4)
    let filter = try makePlugin(
      "endpoint-attribute-filter",
      "attribute: gpu, algorithm: {type: threshold, threshold: {operator: \(comparison), value: 0.5}}",
      as: (any Filter).self, endpoints: pool.table)
    // The last one was never scraped and passes.
    pool.store(try #require(pool.table.column(named: "gpu")), [0.25, 0.5, 0.75])
    #expect(filter.kept(pool.cycle) == expected)
  }

  @Test func endpointsWithoutTheAttributeFailIfTold() throws {
    let pool = TestPool(2)
    let parameters =
      "attribute: gpu, onMissing: Fail, algorithm: {type: threshold, threshold: {operator: LessThan, value: 1}}"
    let strict = try makePlugin(
      "endpoint-attribute-filter", parameters, as: (any Filter).self, endpoints: pool.table)
    #expect(strict.kept(pool.cycle) == [false, false])
    let lenient = try makePlugin(
      "endpoint-attribute-filter", "fallbackOnEmpty: true, " + parameters, as: (any Filter).self, endpoints: pool.table)
    #expect(lenient.kept(pool.cycle) == [true, true])
  }

  @Test(arguments: [
    ("algorithm: {type: threshold, threshold: {operator: Equal, value: 1}}", "attribute"),
    ("attribute: a", "algorithm"), ("attribute: a, algorithm: {type: threshold}", "threshold"),
    ("attribute: a, algorithm: {type: topK}", "type"),
    ("attribute: a, algorithm: {type: threshold, threshold: {value: 1}}", "operator"),
    ("attribute: a/b, algorithm: {type: threshold, threshold: {operator: Equal}}", "producer"),
    ("attribute: a, onMissing: Maybe, algorithm: {type: threshold, threshold: {operator: Equal}}", "onMissing"),
  ])
  func wrongAttributeFiltersAreReported(parameters: String, field: String) {
    #expect(parameterProblems("endpoint-attribute-filter", parameters).contains { $0.contains(field) })
  }
}
