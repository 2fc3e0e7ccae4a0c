/// How bad a finding is.
public enum Severity: Int, Sendable, Hashable, Comparable, CaseIterable {
  /// Good to know; nothing has to change.
  case notice
  /// Works, until a limit is met that traffic of model servers meets in practice.
  case warning
  /// Does not work.
  case error

  /// Whether `left` is the milder one.
  public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

  /// The severity in a word.
  public var name: String {
    switch self {
    case .notice: "notice"
    case .warning: "warning"
    case .error: "error"
    }
  }
}
