/// What becomes of a field that nobody asked for.
public enum UnknownFieldPolicy: Sendable, Hashable {
  /// It is an error: a misspelt parameter must not silently leave a default in force.
  case reject
  /// It is a warning; the field is ignored, as the reference EPP v1.5 ignores it.
  case warn
}
