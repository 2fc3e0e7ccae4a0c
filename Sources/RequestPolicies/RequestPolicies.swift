/// The objectives and rewrites in force for a pool, ready to be looked up. Immutable; a change makes a new one.
public final class RequestPolicies: Sendable {
  /// What a rule says about a model.
  public struct Rewrite: Sendable, Hashable {
    /// Name of the rewrite that the rule is from.
    public let name: String
    /// The model to ask for; empty leaves the request as it is.
    public let target: String

    /// Describes a decision.
    public init(name: String, target: String) {
      self.name = name
      self.target = target
    }
  }

  private struct Choice: Sendable {
    let name: String
    let models: [String]
    /// Running sums of the weights.
    let sums: [UInt64]
  }

  /// The objectives given, by name.
  public let objectives: [InferenceObjective]
  /// The rewrites given, in the order they are asked.
  public let rewrites: [InferenceModelRewrite]
  private let priorities: [String: Int]
  private let exact: [String: Choice]
  private let generic: Choice?

  /// Nothing is said about any request.
  public static let none = RequestPolicies()

  /// Puts policies in force. Of objectives with the same name the last one counts; of rewrites for the same model the
  /// oldest one, of equally old ones the first by name.
  public init(objectives: [InferenceObjective] = [], rewrites: [InferenceModelRewrite] = []) {
    self.objectives = objectives
    self.rewrites = rewrites.sorted { ($0.createdAt, $0.name) < ($1.createdAt, $1.name) }
    priorities = Dictionary(objectives.map { ($0.name, $0.priority) }) { $1 }
    var exact: [String: Choice] = [:]
    var generic: Choice?
    for rewrite in self.rewrites {
      for rule in rewrite.rules where !rule.targets.isEmpty {
        let choice = Self.choice(rewrite.name, rule)
        if rule.models.isEmpty, generic == nil { generic = choice }
        for model in rule.models where exact[model] == nil { exact[model] = choice }
      }
    }
    self.exact = exact
    self.generic = generic
  }

  private static func choice(_ name: String, _ rule: InferenceModelRewrite.Rule) -> Choice {
    let isWeighted = rule.targets.contains { ($0.weight ?? 0) > 0 }
    var sum: UInt64 = 0
    let sums = rule.targets.map { target in
      sum += isWeighted ? UInt64(max(target.weight ?? 0, 0)) : 1
      return sum
    }
    return Choice(name: name, models: rule.targets.map(\.model), sums: sums)
  }

  /// Whether any model may be rewritten.
  public var hasRewrites: Bool { generic != nil || !exact.isEmpty }

  /// The priority of a request that names this objective; 0 for one that is not known.
  public func priority(ofObjective name: String) -> Int { priorities[name] ?? 0 }

  /// What the rules say about a model: an exact rule's word goes before a generic one's.
  /// - Parameter draw: a random number below its argument, asked for only where there are several targets.
  /// - Returns: nil when no rule is for the model.
  public func rewrite(model: String, draw: (UInt64) -> UInt64) -> Rewrite? {
    guard let choice = exact[model] ?? generic, let total = choice.sums.last else { return nil }
    guard choice.models.count > 1 else { return Rewrite(name: choice.name, target: choice.models[0]) }
    let drawn = draw(total)
    let index = choice.sums.firstIndex { drawn < $0 } ?? choice.models.count - 1
    return Rewrite(name: choice.name, target: choice.models[index])
  }
}

extension RequestPolicies: Equatable {
  /// Whether both say the same about every request.
  public static func == (a: RequestPolicies, b: RequestPolicies) -> Bool {
    a === b || (a.objectives == b.objectives && a.rewrites == b.rewrites)
  }
}
