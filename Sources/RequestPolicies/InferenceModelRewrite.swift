/// Rules that send requests for one model on with the name of another (`InferenceModelRewrite`).
public struct InferenceModelRewrite: Sendable, Hashable {
  /// A model to ask for instead.
  public struct Target: Sendable, Hashable {
    /// The model's name; empty leaves the request as it is.
    public var model: String
    /// How often the target is drawn in relation to the others, 1 to 1,000,000. Nil for none: where no target has a
    /// weight all are drawn equally often, where some have those without are never drawn.
    public var weight: Int?

    /// Describes a target.
    public init(model: String, weight: Int? = nil) {
      self.model = model
      self.weight = weight
    }
  }

  /// One rule.
  public struct Rule: Sendable, Hashable {
    /// The models it is for, by their exact names; none makes the rule generic, for every model that no exact rule of
    /// any rewrite is for.
    public var models: [String]
    /// What to ask for instead; not empty.
    public var targets: [Target]

    /// Describes a rule.
    public init(models: [String] = [], targets: [Target]) {
      self.models = models
      self.targets = targets
    }
  }

  /// The name, for metrics.
  public var name: String
  /// When it was made, in seconds since 1970: of two for the same model the older one counts.
  public var createdAt: Double
  /// The rules; of two in one rewrite the first one counts.
  public var rules: [Rule]

  /// Describes a rewrite.
  public init(name: String, createdAt: Double = 0, rules: [Rule]) {
    self.name = name
    self.createdAt = createdAt
    self.rules = rules
  }
}
