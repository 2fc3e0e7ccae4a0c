/// The outside values of an evaluation that are the same for all elements.
public protocol ExpressionValues {
  /// A number; a boolean is 0 or 1. NaN stands for a value that is missing.
  func number(_ id: Int) -> Double

  /// A text in UTF-8; empty when it is missing.
  func text(_ id: Int) -> UnsafeRawBufferPointer
}

/// The outside values of an evaluation, each of which may differ by element.
public protocol ExpressionColumns: ExpressionValues {
  /// The numbers of all elements, in order.
  func numbers(_ id: Int) -> UnsafePointer<Double>

  /// Stores for each element 1 when its text equals `text`, else 0.
  func compare(_ id: Int, to text: UnsafeRawBufferPointer, into result: UnsafeMutablePointer<Double>)
}
