import RequestPolicies
import Testing

@Suite struct RequestPoliciesTests {
  private func rewrite(
    _ name: String, at time: Double = 0, _ rules: InferenceModelRewrite.Rule...
  ) -> InferenceModelRewrite {
    InferenceModelRewrite(name: name, createdAt: time, rules: rules)
  }

  @Test func objectives() {
    let policies = RequestPolicies(objectives: [
      InferenceObjective(name: "batch", priority: -5), InferenceObjective(name: "chat", priority: 7),
      InferenceObjective(name: "plain"),
    ])
    #expect(policies.priority(ofObjective: "batch") == -5)
    #expect(policies.priority(ofObjective: "chat") == 7)
    #expect(policies.priority(ofObjective: "plain") == 0)
    #expect(policies.priority(ofObjective: "unknown") == 0)
  }

  @Test func exactRulesGoBeforeGenericOnes() {
    let policies = RequestPolicies(rewrites: [
      rewrite("all", .init(targets: [.init(model: "fallback")])),
      rewrite("one", at: 9, .init(models: ["a", "b"], targets: [.init(model: "c")])),
    ])
    #expect(policies.rewrite(model: "b") { _ in 0 } == .init(name: "one", target: "c"))
    #expect(policies.rewrite(model: "z") { _ in 0 } == .init(name: "all", target: "fallback"))
    #expect(RequestPolicies.none.rewrite(model: "b") { _ in 0 } == nil)
    #expect(policies.hasRewrites)
    #expect(!RequestPolicies.none.hasRewrites)
  }

  @Test func theOldestRewriteCountsThenTheFirstByNameThenTheFirstRule() {
    func target(_ rewrites: [InferenceModelRewrite]) -> String? {
      RequestPolicies(rewrites: rewrites).rewrite(model: "m") { _ in 0 }?.target
    }
    func rule(_ model: String) -> InferenceModelRewrite.Rule { .init(models: ["m"], targets: [.init(model: model)]) }
    #expect(target([rewrite("a", at: 2, rule("new")), rewrite("b", at: 1, rule("old"))]) == "old")
    #expect(target([rewrite("b", at: 1, rule("second")), rewrite("a", at: 1, rule("first"))]) == "first")
    #expect(target([rewrite("a", rule("first"), rule("second"))]) == "first")
  }

  @Test(arguments: [
    ([Int?](arrayLiteral: 1, 3), [1, 3]), ([nil, nil], [1, 1]), ([5, nil], [1, 0]), ([0, 0], [1, 1]),
    ([nil, 2, 6], [0, 1, 3]),
  ])
  func weights(_ weights: [Int?], _ shares: [Int]) {
    let targets = weights.enumerated().map { InferenceModelRewrite.Target(model: "\($0.offset)", weight: $0.element) }
    let policies = RequestPolicies(rewrites: [rewrite("r", .init(models: ["m"], targets: targets))])
    var counts = [Int](repeating: 0, count: weights.count)
    var total: UInt64 = 1
    var next: UInt64 = 0
    repeat {
      let rewrite = policies.rewrite(model: "m") { bound in
        total = bound
        return next
      }
      counts[Int(rewrite?.target ?? "") ?? 0] += 1
      next += 1
    } while next < total
    let unit = counts.first { $0 > 0 }.map { $0 / (shares.first { $0 > 0 } ?? 1) } ?? 1
    #expect(counts.map { $0 / max(unit, 1) } == shares)
  }

  /// Pearson's statistic of the draws stays below the value that a right distribution exceeds once in a thousand seeds.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func targetsAreDrawnByTheirWeights(seed: UInt64) {
    let weights = [1, 3, 6]
    let targets = weights.map { InferenceModelRewrite.Target(model: "\($0)", weight: $0) }
    let policies = RequestPolicies(rewrites: [rewrite("r", .init(models: ["m"], targets: targets))])
    var random = SeededGenerator(seed: seed)
    var counts: [String: Int] = [:]
    let draws = 20_000
    for _ in 0..<draws {
      let rewrite = policies.rewrite(model: "m") { UInt64.random(in: 0..<$0, using: &random) }
      counts[rewrite?.target ?? "", default: 0] += 1
    }
    let statistic = weights.reduce(0.0) { sum, weight in
      let expected = Double(draws * weight) / 10
      let difference = Double(counts["\(weight)"] ?? 0) - expected
      return sum + difference * difference / expected
    }
    #expect(counts.count == 3)
    #expect(statistic < 13.82)
  }

  @Test func replacingIsSeenByItsVersion() {
    let store = RequestPolicyStore()
    let before = store.version
    store.replace(with: RequestPolicies(objectives: [InferenceObjective(name: "a", priority: 3)]))
    #expect(store.version != before)
    #expect(store.current.priority(ofObjective: "a") == 3)
  }
}
