/// A value in a configuration document, with its place: a plain, sendable tree that outlives the YAML parser.
///
/// Plugin parameters stay in this form until the plugin's factory reads them through a ``ParameterDecoder``.
public struct ConfigNode: Sendable, Hashable {
  /// What the value is.
  public enum Content: Sendable, Hashable {
    case scalar(ConfigScalar)
    case sequence([ConfigNode])
    /// In document order; no key occurs twice.
    case mapping([Entry])
  }

  /// A field of a mapping.
  public struct Entry: Sendable, Hashable {
    /// The field's name as written.
    public let key: String
    /// The field's value; its location names the line of the key.
    public let value: ConfigNode

    /// A field with its name and value.
    public init(key: String, value: ConfigNode) {
      self.key = key
      self.value = value
    }
  }

  /// The value.
  public let content: Content
  /// Where it stands.
  public let location: SourceLocation

  /// A value with its place.
  public init(_ content: Content, at location: SourceLocation) {
    self.content = content
    self.location = location
  }
}

extension ConfigNode {
  /// True for an explicit or implied null (`key:`, `key: ~`), which counts as an absent field, as it does in Go.
  public var isNull: Bool { content == .scalar(.null) }

  /// The fields, when this is a mapping.
  public var entries: [Entry]? {
    guard case .mapping(let entries) = content else { return nil }
    return entries
  }

  /// The elements, when this is a list.
  public var elements: [ConfigNode]? {
    guard case .sequence(let elements) = content else { return nil }
    return elements
  }

  /// The leaf, when this is one.
  public var scalar: ConfigScalar? {
    guard case .scalar(let scalar) = content else { return nil }
    return scalar
  }

  /// What an error message calls the value.
  public var summary: String {
    switch content {
    case .scalar(let scalar): scalar.description
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// "expected an integer, found the string "abc"", at this value's location.
  public func mismatch(expected: String) -> ConfigurationProblem {
    ConfigurationProblem(location, "expected \(expected), found \(summary)")
  }
}
