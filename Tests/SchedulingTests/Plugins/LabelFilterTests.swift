import Endpoints
import Scheduling
import Testing

/// Filters by label (plugin algorithms, filters).
@Suite struct LabelFilterTests {
  private static let roles = [
    "encode", "prefill", "decode", "encode-prefill", "prefill-decode", "both", "encode-prefill-decode", "other", "",
  ]

  private func kept(_ filter: any Filter, _ pool: TestPool) -> [Int] {
    let keep = filter.kept(pool.cycle)
    return keep.indices.filter { keep[$0] }
  }

  /// The roles that stay; nil for an endpoint without the label.
  private func roles(_ type: String) throws -> [String?] {
    let pool = TestPool(labels: Self.roles.map { ["llm-d.ai/role": $0] } + [["app": "vllm"]])
    return kept(try makePlugin(type, as: (any Filter).self), pool).map {
      pool.cycle.endpoint($0).labels["llm-d.ai/role"]
    }
  }

  @Test func decodeFilterKeepsDecodersAndUnlabelled() throws {
    #expect(try roles("decode-filter") == ["decode", "prefill-decode", "both", "encode-prefill-decode", nil])
  }

  @Test func prefillFilterKeepsPrefillersOnly() throws {
    #expect(
      try roles("prefill-filter") == ["prefill", "encode-prefill", "prefill-decode", "both", "encode-prefill-decode"])
  }

  @Test func encodeFilterKeepsEncodersOnly() throws {
    #expect(try roles("encode-filter") == ["encode", "encode-prefill", "encode-prefill-decode"])
  }

  @Test func labelFilterComparesWithValidValues() throws {
    // A cycle belongs to one configuration.
    func pool() -> TestPool { TestPool(labels: [["tier": "gold"], ["tier": "silver"], [:], ["tier": "bronze"]]) }
    let strict = try makePlugin("by-label", "label: tier, validValues: [gold, bronze]", as: (any Filter).self)
    #expect(kept(strict, pool()) == [0, 3])
    let lenient = try makePlugin(
      "by-label", "label: tier, validValues: [gold], allowsNoLabel: true", as: (any Filter).self)
    #expect(kept(lenient, pool()) == [0, 2])
    let unlabelled = try makePlugin("by-label", "label: tier, allowsNoLabel: true", as: (any Filter).self)
    #expect(kept(unlabelled, pool()) == [2])
  }

  @Test func labelFilterNeedsALabelAndValues() {
    #expect(parameterProblems("by-label", "label: tier").first?.contains("validValues") == true)
    #expect(parameterProblems("by-label", "validValues: [a]").first?.contains("label") == true)
  }

  @Test(arguments: [
    ("", [0, 1, 2, 3]),
    ("matchLabels: {tier: gold}", [0, 1]),
    ("matchLabels: {tier: gold, zone: a}", [0]),
    ("matchExpressions: [{key: tier, operator: In, values: [gold, silver]}]", [0, 1, 2]),
    ("matchExpressions: [{key: tier, operator: NotIn, values: [gold]}]", [2, 3]),
    ("matchExpressions: [{key: zone, operator: Exists}]", [0, 2]),
    ("matchExpressions: [{key: zone, operator: DoesNotExist}]", [1, 3]),
    ("matchLabels: {tier: gold}, matchExpressions: [{key: zone, operator: DoesNotExist}]", [1]),
    ("matchLabels: {tier: platinum}", []),
  ])
  func labelSelectorFollowsKubernetes(parameters: String, expected: [Int]) throws {
    let pool = TestPool(
      labels: [["tier": "gold", "zone": "a"], ["tier": "gold"], ["tier": "silver", "zone": "b"], [:]])
    #expect(kept(try makePlugin("label-selector-filter", parameters, as: (any Filter).self), pool) == expected)
  }

  @Test(arguments: [
    ("matchExpressions: [{key: a, operator: In}]", "values"),
    ("matchExpressions: [{key: a, operator: Exists, values: [b]}]", "values"),
    ("matchExpressions: [{key: a, operator: Near, values: [b]}]", "operator"),
    ("matchExpressions: [{key: a}]", "operator"),
    ("matchExpressions: [{operator: Exists}]", "key"),
    ("matchLabel: {a: b}", "matchLabel"),
  ])
  func wrongSelectorsAreReported(parameters: String, field: String) {
    #expect(parameterProblems("label-selector-filter", parameters).first?.contains(field) == true)
  }

  @Test func changedLabelsCountFromTheNextRequest() throws {
    let pool = TestPool(labels: [["llm-d.ai/role": "prefill"], ["llm-d.ai/role": "decode"]])
    let filter = try makePlugin("decode-filter", as: (any Filter).self)
    #expect(kept(filter, pool) == [1])
    pool.relabel([["llm-d.ai/role": "decode"], ["llm-d.ai/role": "prefill"], [:]])
    #expect(kept(filter, pool) == [0, 2])
  }

  @Test func labelsFollowTheCandidatesOfARestrictedRequest() throws {
    let pool = TestPool(labels: [["llm-d.ai/role": "prefill"], [:], ["llm-d.ai/role": "prefill"]])
    pool.cycle.restrict(to: [2, 1])
    #expect(try makePlugin("prefill-filter", as: (any Filter).self).kept(pool.cycle) == [true, false])
  }

  @Test func olderNamesAreAcceptedWithAWarning() throws {
    let loaded = try load("plugins: [{type: by-label-selector}]")
    #expect(loaded.warnings.map(\.description).contains { $0.contains("label-selector-filter") })
    let deprecated = try load("plugins: [{type: by-label, parameters: {label: a, allowsNoLabel: true}}]")
    #expect(deprecated.warnings.map(\.description).contains { $0.contains("deprecated") })
  }
}
