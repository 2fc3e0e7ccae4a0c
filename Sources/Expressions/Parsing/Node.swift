/// An expression as a tree whose types are right.
indirect enum Node {
  case constant(Double, ExpressionType)
  case text(TextConstant)
  case input(ExpressionInput)
  case unary(UnaryOperation, Node)
  case binary(BinaryOperation, Node, Node)
  case select(Node, Node, Node)
  /// A number out of those of all elements.
  case reduce(Reduction, Node)
  /// Both nodes are texts, and at most the first one varies.
  case sameText(Node, Node, isNegated: Bool)

  var type: ExpressionType {
    switch self {
    case .constant(_, let type): type
    case .text: .text
    case .input(let input): input.type
    case .unary(let operation, _): operation.isBoolean ? .boolean : .number
    case .binary(let operation, _, _): operation.isBoolean ? .boolean : .number
    case .select(_, let then, _): then.type
    case .reduce: .number
    case .sameText: .boolean
    }
  }

  var variesByElement: Bool {
    switch self {
    case .constant, .text, .reduce: false
    case .input(let input): input.variesByElement
    case .unary(_, let operand): operand.variesByElement
    case .binary(_, let left, let right): left.variesByElement || right.variesByElement
    case .select(let condition, let then, let other):
      condition.variesByElement || then.variesByElement || other.variesByElement
    case .sameText(let left, _, _): left.variesByElement
    }
  }

  // MARK: Nodes of constants are computed at once

  static func make(_ operation: UnaryOperation, _ operand: Node) -> Node {
    guard case .constant(let value, _) = operand else { return .unary(operation, operand) }
    return .constant(operation.apply(value), operation.isBoolean ? .boolean : .number)
  }

  static func make(_ operation: BinaryOperation, _ left: Node, _ right: Node) -> Node {
    guard case .constant(let a, _) = left, case .constant(let b, _) = right else {
      return .binary(operation, left, right)
    }
    return .constant(operation.apply(a, b), operation.isBoolean ? .boolean : .number)
  }

  static func make(if condition: Node, _ then: Node, else other: Node) -> Node {
    guard case .constant(let value, _) = condition else { return .select(condition, then, other) }
    return value != 0 ? then : other
  }
}

/// The bytes of a literal text, at an address of their own.
final class TextConstant: @unchecked Sendable {
  // Unchecked: the bytes never change.
  let bytes: UnsafeRawBufferPointer

  init(_ text: String) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
    copy.copyBytes(from: text.utf8)
    bytes = UnsafeRawBufferPointer(copy)
  }

  deinit { bytes.deallocate() }
}
