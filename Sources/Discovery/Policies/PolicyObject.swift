import PickerConfiguration
import RequestPolicies

/// An InferenceObjective or InferenceModelRewrite as a document or the Kubernetes API writes it.
public struct PolicyObject: Sendable, Hashable {
  /// What the object says.
  public enum Content: Sendable, Hashable {
    case objective(InferenceObjective)
    case rewrite(InferenceModelRewrite)
  }

  /// The pool that an object belongs to.
  public struct PoolReference: Sendable, Hashable {
    /// API group of the pool.
    public let group: String
    /// Kind of the pool, `InferencePool`.
    public let kind: String
    /// Name of the pool.
    public let name: String
  }

  /// The kinds that are understood.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case objective = "InferenceObjective"
    case rewrite = "InferenceModelRewrite"
  }

  /// The API groups that the kinds are known in; any version of them.
  public static let groups = ["inference.networking.x-k8s.io", "llm-d.ai"]

  /// What the object says.
  public let content: Content
  /// The object's namespace; empty when it says none.
  public let namespace: String
  /// The pool it belongs to; nil when it says none.
  public let pool: PoolReference?
  /// Where the object stands.
  public let location: SourceLocation
  /// What its author should know although the object can be used.
  public let warnings: [ConfigurationProblem]

  /// The object's kind.
  public var kind: Kind {
    switch content {
    case .objective: .objective
    case .rewrite: .rewrite
    }
  }

  /// The object's name.
  public var name: String {
    switch content {
    case .objective(let objective): objective.name
    case .rewrite(let rewrite): rewrite.name
    }
  }
}

extension PolicyObject {
  /// Reads an object: `apiVersion`, `kind`, `metadata` and `spec`; `status` and all other metadata is passed over.
  ///
  /// - Parameters:
  ///   - node: the object.
  ///   - unknownFields: what becomes of fields of `spec` that nobody knows.
  /// - Throws: every problem found, each with its path.
  public init(
    decoding node: ConfigNode, unknownFields: UnknownFieldPolicy = .reject
  ) throws(ConfigurationError) {
    let fields = ParameterDecoder(node, at: node.location, unknownFields: unknownFields)
    let kind = Self.kind(fields)
    let metadata = Metadata(fields)
    _ = fields.node("status")
    if !fields.isSet("spec") { fields.reject("spec", "required, but not set") }
    let spec = fields.child("spec")
    let pool = spec.flatMap(PoolReference.init(decoding:))
    let content: Content
    switch kind {
    case .rewrite?:
      let rules = spec?.children("rules").map(InferenceModelRewrite.Rule.init(decoding:)) ?? []
      content = .rewrite(InferenceModelRewrite(name: metadata.name, createdAt: metadata.createdAt, rules: rules))
    case .objective?, nil:
      content = .objective(InferenceObjective(name: metadata.name, priority: spec?.int("priority")))
    }
    // Without a kind nobody can tell which fields there should be.
    if kind == nil { _ = spec?.node("rules") }
    try fields.finish()
    self.init(
      content: content, namespace: metadata.namespace, pool: pool, location: node.location, warnings: fields.warnings)
  }

  private static func kind(_ fields: ParameterDecoder) -> Kind? {
    let version = fields.requiredString("apiVersion")
    let group = String(version.prefix { $0 != "/" })
    if !version.isEmpty, !groups.contains(group) {
      let known = groups.map { "\"\($0)\"" }.joined(separator: " or ")
      fields.reject("apiVersion", "expected a version of the group \(known), found \"\(version)\"")
    }
    let name = fields.requiredString("kind")
    let kind = Kind(rawValue: name)
    if kind == nil, !name.isEmpty {
      let known = Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
      fields.reject("kind", "expected \(known), found \"\(name)\"")
    }
    return kind
  }

  /// What of an object's metadata counts here.
  private struct Metadata {
    var name = ""
    var namespace = ""
    var createdAt = 0.0

    init(_ fields: ParameterDecoder) {
      guard let node = fields.node("metadata"), let entries = node.entries else {
        fields.reject("metadata", fields.isSet("metadata") ? "expected a mapping" : "required, but not set")
        return
      }
      for entry in entries {
        guard let text = entry.value.scalar?.text else { continue }
        switch entry.key {
        case "name": name = text
        case "namespace": namespace = text
        case "creationTimestamp":
          if let time = UniversalTime.seconds(text) {
            createdAt = time
          } else {
            fields.reject(
              "metadata.creationTimestamp", "expected a time such as 2025-01-31T12:00:00Z, found \"\(text)\"")
          }
        default: break
        }
      }
      if name.isEmpty { fields.reject("metadata.name", "required, but not set") }
    }
  }
}

extension ConfigScalar {
  /// A string, or a number as it is written in its simplest form, since names may look like numbers.
  fileprivate var text: String? {
    switch self {
    case .string(let text): text
    case .integer(let number): String(number)
    default: nil
    }
  }
}

extension PolicyObject.PoolReference {
  fileprivate init?(decoding spec: ParameterDecoder) {
    guard let fields = spec.child("poolRef") else { return nil }
    self.init(
      group: fields.string("group", default: "inference.networking.k8s.io"),
      kind: fields.string("kind", default: "InferencePool"), name: fields.requiredString("name"))
  }
}

extension InferenceModelRewrite.Rule {
  private enum MatchType: String, CaseIterable {
    case exact = "Exact"
  }

  /// The greatest weight of a target.
  private static let maximumWeight = 1_000_000

  fileprivate init(decoding fields: ParameterDecoder) {
    let models = fields.children("matches").compactMap { match -> String? in
      guard let model = match.child("model") else {
        match.reject("model", "required, but not set")
        return nil
      }
      _ = model.enumeration("type", default: MatchType.exact)
      return model.requiredString("value")
    }
    let targets = fields.children("targets").map { target in
      InferenceModelRewrite.Target(
        model: target.requiredString("modelRewrite"), weight: target.int("weight", range: 1...Self.maximumWeight))
    }
    if targets.isEmpty { fields.reject("targets", "at least one target is needed") }
    let weighted = targets.count(where: { $0.weight != nil })
    if weighted > 0, weighted < targets.count {
      fields.warn("targets", "targets without a weight are never chosen, because others have one")
    }
    self.init(models: models, targets: targets)
  }
}
