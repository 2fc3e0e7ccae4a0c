/// One step of a compiled expression.
///
/// Scalars and registers are numbered. A register holds a number for each element; register 0 is the result. Steps come
/// in an order in which everything is computed before it is used.
enum Step {
  /// What a step over all elements reads.
  enum Operand {
    case scalar(Int)
    case column(Int)
    case register(Int)
  }

  /// A text that is the same for all elements.
  enum Text {
    case constant(TextConstant)
    case input(Int)
  }

  // The same for all elements.
  case constant(Double, to: Int)
  case load(input: Int, to: Int)
  case unaryScalar(UnaryOperation, Int, to: Int)
  case binaryScalar(BinaryOperation, Int, Int, to: Int)
  case selectScalar(Int, Int, Int, to: Int)
  case sameScalarText(Text, Text, isNegated: Bool, to: Int)
  case reduce(Reduction, Operand, to: Int)
  // For each element.
  case unary(UnaryOperation, Operand, to: Int)
  case binary(BinaryOperation, Operand, Operand, to: Int)
  case select(Operand, Operand, Operand, to: Int)
  case sameText(input: Int, Text, isNegated: Bool, to: Int)
}
