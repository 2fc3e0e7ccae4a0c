/// A Kubernetes label selector: all requirements must hold.
public struct LabelSelector: Sendable, Hashable {
  /// How a requirement compares.
  public enum Operator: String, Sendable, Hashable, CaseIterable {
    /// The label has one of the values.
    case isIn = "In"
    /// The label is missing or has none of the values.
    case notIn = "NotIn"
    /// The label is there.
    case exists = "Exists"
    /// The label is missing.
    case doesNotExist = "DoesNotExist"
  }

  /// One requirement on one label.
  public struct Requirement: Sendable, Hashable {
    /// The label's name.
    public let key: String
    /// How to compare.
    public let `operator`: Operator
    /// What to compare with; empty for operators that only look whether the label is there.
    public let values: Set<String>

    /// Creates a requirement.
    public init(key: String, operator: Operator, values: Set<String> = []) {
      self.key = key
      self.operator = `operator`
      self.values = values
    }

    func matches(_ labels: [String: String]) -> Bool {
      switch `operator` {
      case .isIn: labels[key].map(values.contains) ?? false
      case .notIn: labels[key].map { !values.contains($0) } ?? true
      case .exists: labels[key] != nil
      case .doesNotExist: labels[key] == nil
      }
    }
  }

  /// The requirements; none matches everything.
  public let requirements: [Requirement]

  /// Creates a selector.
  public init(_ requirements: [Requirement]) {
    self.requirements = requirements
  }

  /// Whether labels meet all requirements.
  public func matches(_ labels: [String: String]) -> Bool { requirements.allSatisfy { $0.matches(labels) } }
}
