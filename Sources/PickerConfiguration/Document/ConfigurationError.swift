/// One thing that is wrong, or merely doubtful, in a configuration, and where.
public struct ConfigurationProblem: Sendable, Hashable {
  /// Where the problem is.
  public let location: SourceLocation
  /// What is wrong and, where that is known, what to write instead.
  public let message: String

  /// A problem at a place.
  public init(_ location: SourceLocation, _ message: String) {
    self.location = location
    self.message = message
  }
}

extension ConfigurationProblem: CustomStringConvertible {
  /// `config.yaml:12: plugins[2].parameters.blockSize: unknown field; did you mean "blockSizeTokens"?`
  public var description: String { "\(location): \(message)" }
}

/// A configuration that can't be used. Carries every problem that could be found in one pass, in document order where
/// that is known.
public struct ConfigurationError: Error, Sendable, Hashable {
  /// Never empty.
  public let problems: [ConfigurationProblem]

  /// An error of one problem.
  public init(_ problem: ConfigurationProblem) {
    problems = [problem]
  }

  /// An error of one problem, at a place.
  public init(_ location: SourceLocation, _ message: String) {
    problems = [ConfigurationProblem(location, message)]
  }

  /// `nil` when there is no problem.
  public init?(_ problems: [ConfigurationProblem]) {
    guard !problems.isEmpty else { return nil }
    self.problems = problems
  }
}

extension ConfigurationError: CustomStringConvertible {
  /// One problem a line.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
