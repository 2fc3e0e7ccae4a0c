/// What a value of an expression is.
public enum ExpressionType: String, Sendable, Hashable {
  case number
  case boolean
  /// Texts can be compared for equality, and nothing else.
  case text
}

/// A value that an expression takes from outside, as its names describe it.
public struct ExpressionInput: Sendable, Hashable {
  /// What ``ExpressionValues`` are asked by.
  public let id: Int
  /// The kind of value.
  public let type: ExpressionType
  /// Whether each element that the expression is evaluated for has its own value.
  public let variesByElement: Bool

  /// Describes a value.
  public init(id: Int, type: ExpressionType, variesByElement: Bool = false) {
    self.id = id
    self.type = type
    self.variesByElement = variesByElement
  }
}

/// Gives meaning to the names in an expression while it is compiled.
public protocol ExpressionNames {
  /// The value of a variable; nil for a name that is none.
  /// - Parameter name: a word, or words joined by dots such as `usage.prompt_tokens`.
  func variable(_ name: String) -> ExpressionInput?

  /// The value of a call with one literal text, such as `header("x-tier")`; nil for a name that is no such function.
  func call(_ function: String, argument: String) -> ExpressionInput?

  /// The value of `number(text)` for a text value; nil if it cannot be read as a number.
  func number(of text: ExpressionInput) -> ExpressionInput?
}

extension ExpressionNames {
  /// No functions.
  public func call(_ function: String, argument: String) -> ExpressionInput? { nil }
  /// No conversions.
  public func number(of text: ExpressionInput) -> ExpressionInput? { nil }
}
