/// A parameter as a plugin understood it; printed as part of the effective configuration.
public struct EffectiveParameter: Sendable, Hashable {
  /// The field's name in the plugin's own spelling.
  public let name: String
  /// The value in force.
  public let value: YAMLValue
  /// The value in force when the field is absent; `nil` for required fields and for nested sections.
  public let defaultValue: YAMLValue?
  /// True when the document sets the field.
  public let isSet: Bool
}
