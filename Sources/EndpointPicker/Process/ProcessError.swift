/// Why the process cannot start.
public struct ProcessError: Error, CustomStringConvertible {
  /// The reason, naming the flag or address.
  public let description: String

  /// Creates an error.
  public init(_ description: String) {
    self.description = description
  }
}
