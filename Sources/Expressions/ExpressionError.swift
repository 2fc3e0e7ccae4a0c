/// Why the text of an expression cannot be used.
public struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Where, in characters counted from 1.
  public let column: Int
  /// What is wrong.
  public let message: String
  /// The name that nobody knows, when that is what is wrong; for suggestions.
  public let unknownName: String?

  init(_ column: Int, _ message: String, unknownName: String? = nil) {
    self.column = column
    self.message = message
    self.unknownName = unknownName
  }

  /// `column 9: unknown name "qeue"`.
  public var description: String { "column \(column): \(message)" }
}
