/// A flag of the command line, as Go's pflag library would be told of it.
package struct GoFlag: Sendable, Hashable {
  /// What the flag's value is; decides how it is checked and spelled in the output.
  package enum Kind: Sendable, Hashable {
    /// Given alone it means true; never takes the next word.
    case bool
    /// A whole number; also in Go's `0x`, `0o`, `0b` and `1_000` spellings.
    case int
    /// A span of time in Go's syntax.
    case duration
    /// Any text.
    case string
    /// A list with commas that may be given several times.
    case list
  }

  /// The name without dashes.
  package let name: String
  /// The letter that may stand for the name after a single dash.
  package let shorthand: Character?
  /// What its value is.
  package let kind: Kind

  package init(_ name: String, shorthand: Character? = nil, _ kind: Kind) {
    self.name = name
    self.shorthand = shorthand
    self.kind = kind
  }

  /// The canonical spelling of a value, or what is wrong with it.
  func canonical(_ value: String) -> Result<String, Reason> {
    switch kind {
    case .string, .list:
      return .success(value)
    case .bool:
      guard let truth = GoFlagValue.bool(value) else { return .failure(Reason("expected true or false")) }
      return .success(truth ? "true" : "false")
    case .int:
      guard let number = GoFlagValue.int(value) else { return .failure(Reason("expected an integer")) }
      return .success(String(number))
    case .duration:
      guard GoDuration(value) != nil else {
        return .failure(Reason("expected a duration such as 50ms or 1h30m"))
      }
      return .success(value)
    }
  }

  /// Why a value can't be taken.
  struct Reason: Error {
    let text: String

    init(_ text: String) {
      self.text = text
    }
  }
}

/// A command line that pflag would refuse.
package struct GoFlagError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, in pflag's words where it has any: `unknown flag: --foo`.
  package let message: String

  package var description: String { message }
}
