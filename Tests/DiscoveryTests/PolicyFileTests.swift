import Discovery
import Foundation
import PickerConfiguration
import RequestPolicies
import Testing

/// Files of InferenceObjective and InferenceModelRewrite objects.
@Suite struct PolicyFileTests {
  private func parse(_ text: String, pool: String? = nil) throws(ConfigurationError) -> PolicyFile {
    try PolicyFile.parse(Array(text.utf8), source: "policies.yaml", pool: pool)
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try parse(text)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  private let both = """
    apiVersion: inference.networking.x-k8s.io/v1alpha2
    kind: InferenceObjective
    metadata: {name: batch, namespace: models, labels: {a: b}}
    spec:
      priority: -10
      poolRef: {name: llama}
    ---
    # The newer group.
    apiVersion: llm-d.ai/v1alpha2
    kind: InferenceObjective
    metadata: {name: default-priority}
    spec: {}
    status: {conditions: []}
    ---
    apiVersion: llm-d.ai/v1alpha2
    kind: InferenceModelRewrite
    metadata: {name: canary, creationTimestamp: "2025-01-31T12:00:00Z"}
    spec:
      rules:
      - matches:
        - model: {type: Exact, value: chat}
        - model: {value: chat-large}
        targets:
        - {modelRewrite: chat-v1, weight: 90}
        - {modelRewrite: chat-v2, weight: 10}
      - targets:
        - modelRewrite: fallback
    """

  @Test func objectsOfBothGroupsAreRead() throws {
    let file = try parse(both)
    #expect(
      file.objectives == [
        InferenceObjective(name: "batch", priority: -10), InferenceObjective(name: "default-priority", priority: 0),
      ])
    #expect(
      file.rewrites == [
        InferenceModelRewrite(
          name: "canary", createdAt: 1_738_324_800,
          rules: [
            .init(
              models: ["chat", "chat-large"],
              targets: [.init(model: "chat-v1", weight: 90), .init(model: "chat-v2", weight: 10)]),
            .init(targets: [.init(model: "fallback")]),
          ])
      ])
    #expect(file.warnings.isEmpty)
    let policies = file.policies
    #expect(policies.priority(ofObjective: "batch") == -10)
    #expect(policies.rewrite(model: "chat") { _ in 89 }?.target == "chat-v1")
    #expect(policies.rewrite(model: "chat") { _ in 90 }?.target == "chat-v2")
    #expect(policies.rewrite(model: "other") { _ in 0 }?.target == "fallback")
  }

  @Test func listsAndEmptyDocumentsAreRead() throws {
    let file = try parse(
      """
      ---
      ---
      apiVersion: v1
      kind: List
      items:
      - {apiVersion: llm-d.ai/v1alpha2, kind: InferenceObjective, metadata: {name: a}, spec: {priority: 1}}
      - {apiVersion: llm-d.ai/v1alpha2, kind: InferenceObjective, metadata: {name: b}, spec: {priority: 2}}
      """)
    #expect(file.objectives.map(\.priority) == [1, 2])
    #expect(try parse("").objectives.isEmpty)
    let json = #"{"apiVersion":"llm-d.ai/v1","kind":"InferenceObjective","metadata":{"name":"j"},"spec":{}}"#
    #expect(try parse(json).objectives == [InferenceObjective(name: "j")])
  }

  @Test func objectsOfOtherPoolsAreLeftOut() throws {
    #expect(try parse(both, pool: "llama").objectives.count == 2)
    let file = try parse(both, pool: "qwen")
    #expect(file.objectives.map(\.name) == ["default-priority"])
    #expect(
      file.warnings.map(\.description) == [
        "policies.yaml:1: spec.poolRef: left out, because it is for the pool \"llama\" and not for \"qwen\""
      ])
  }

  private static let head = "apiVersion: llm-d.ai/v1alpha2\nkind: InferenceModelRewrite\nmetadata: {name: r}\n"

  @Test(arguments: [
    ("kind: InferenceObjective", "policies.yaml:1: apiVersion: required, but not set"),
    ("apiVersion: v1\nkind: Pod", "policies.yaml:2: kind: expected \"InferenceObjective\" or"),
    ("apiVersion: v1\nkind: InferenceObjective", "policies.yaml:1: apiVersion: expected a version of the group"),
    ("apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nspec: {}", "metadata: required, but not set"),
    ("apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {}\nspec: {}", "metadata.name: required"),
    (
      "apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {name: a}\nspec: {prority: 1}",
      "policies.yaml:4: spec.prority: unknown field; did you mean \"priority\"?"
    ),
    (
      "apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {name: a}\nspec: {priority: high}",
      "spec.priority: expected an integer"
    ),
    (head + "spec: {rules: [{targets: []}]}", "spec.rules[0].targets: at least one target is needed"),
    (head + "spec: {rules: [{targets: [{weight: 1}]}]}", "spec.rules[0].targets[0].modelRewrite: required"),
    (head + "spec: {rules: [{targets: [{modelRewrite: a, weight: 0}]}]}", "weight: must be between 1 and 1000000"),
    (head + "spec: {rules: [{matches: [{}], targets: [{modelRewrite: a}]}]}", "matches[0].model: required"),
    (
      head + "spec: {rules: [{matches: [{model: {type: Prefix, value: a}}], targets: [{modelRewrite: a}]}]}",
      "matches[0].model.type: expected one of \"Exact\""
    ),
    (
      "apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {name: a, creationTimestamp: soon}\nspec: {}",
      "metadata.creationTimestamp: expected a time"
    ),
    ("a: [", "bad YAML"),
    ("just text", "expected a mapping"),
  ])
  func mistakesAreNamed(text: String, message: String) {
    #expect(problems(text).contains { $0.contains(message) }, "\(problems(text))")
  }

  @Test func objectsOfTheSameNameAreRefused() {
    let object = "apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {name: a}\nspec: {}\n"
    #expect(
      problems(object + "---\n" + object) == [
        "policies.yaml:6: there is an InferenceObjective named \"a\" already in line 1"
      ])
  }

  @Test func partOfTheWeightsIsAWarning() throws {
    let file = try parse(
      Self.head + "spec: {rules: [{targets: [{modelRewrite: a, weight: 5}, {modelRewrite: b}]}]}")
    #expect(file.warnings.map(\.location.path) == ["spec.rules[0].targets"])
  }

  @Test func fileIsFollowedAndBadContentsAreRefused() async throws {
    let path = NSTemporaryDirectory() + "epp-policies-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ priority: String) throws {
      let text =
        "apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {name: a}\nspec: {priority: \(priority)}\n"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    try write("1")
    var updates = PolicyFileUpdates(path: path, interval: .milliseconds(5)).makeAsyncIterator()
    guard case .policies(let first) = await updates.next() else {
      Issue.record("no first policies")
      return
    }
    #expect(first.objectives.map(\.priority) == [1])
    try write("many")
    guard case .rejected(let error) = await updates.next() else {
      Issue.record("bad file was taken")
      return
    }
    #expect(error.problems.first?.location.path == "spec.priority")
    try write("-1")
    guard case .policies(let last) = await updates.next() else {
      Issue.record("no last policies")
      return
    }
    #expect(last.objectives.map(\.priority) == [-1])
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0.0), ("2000-02-29T12:00:00Z", 951_825_600), ("2025-01-31T12:00:00.5Z", 1_738_324_800.5),
    ("2025-01-31T14:00:00+02:00", 1_738_324_800), ("2100-03-01T00:00:00-00:30", 4_107_544_200),
  ])
  func timesOfCreationAreRead(text: String, seconds: Double) throws {
    let file = try parse(
      "apiVersion: llm-d.ai/v1\nkind: InferenceModelRewrite\nmetadata: {name: a, creationTimestamp: '\(text)'}\n"
        + "spec: {rules: [{targets: [{modelRewrite: b}]}]}")
    #expect(file.rewrites.first?.createdAt == seconds)
  }
}
