/// Turns a tree into steps. Scalars are never used twice; registers are taken like a stack.
struct Compiler {
  private(set) var steps: [Step] = []
  private(set) var scalarCount = 0
  private(set) var registerCount = 0

  /// Appends the steps that compute the node.
  /// - Parameter register: the first register that the steps may use; the result is there if it is in a register.
  mutating func compile(_ node: Node, register: Int = 0) -> Step.Operand {
    guard node.variesByElement else { return .scalar(compileScalar(node, register: register)) }
    switch node {
    case .input(let input):
      return .column(input.id)
    case .unary(let operation, let operand):
      steps.append(.unary(operation, compile(operand, register: register), to: take(register)))
    case .binary(let operation, let left, let right):
      let a = compile(left, register: register)
      let b = compile(right, register: next(after: a, register))
      steps.append(.binary(operation, a, b, to: take(register)))
    case .select(let condition, let then, let other):
      let first = compile(condition, register: register)
      let second = compile(then, register: next(after: first, register))
      let third = compile(other, register: next(after: second, next(after: first, register)))
      steps.append(.select(first, second, third, to: take(register)))
    case .sameText(let left, let right, let isNegated):
      if case .input(let input) = left, let text = Self.text(right) {
        steps.append(.sameText(input: input.id, text, isNegated: isNegated, to: take(register)))
      }
    case .constant, .text, .reduce:
      break
    }
    return .register(register)
  }

  private mutating func compileScalar(_ node: Node, register: Int) -> Int {
    switch node {
    case .constant(let value, _):
      let scalar = takeScalar()
      steps.append(.constant(value, to: scalar))
      return scalar
    case .input(let input):
      let scalar = takeScalar()
      steps.append(.load(input: input.id, to: scalar))
      return scalar
    case .unary(let operation, let operand):
      let value = compileScalar(operand, register: register)
      let scalar = takeScalar()
      steps.append(.unaryScalar(operation, value, to: scalar))
      return scalar
    case .binary(let operation, let left, let right):
      let a = compileScalar(left, register: register)
      let b = compileScalar(right, register: register)
      let scalar = takeScalar()
      steps.append(.binaryScalar(operation, a, b, to: scalar))
      return scalar
    case .select(let condition, let then, let other):
      let first = compileScalar(condition, register: register)
      let second = compileScalar(then, register: register)
      let third = compileScalar(other, register: register)
      let scalar = takeScalar()
      steps.append(.selectScalar(first, second, third, to: scalar))
      return scalar
    case .reduce(let reduction, let operand):
      let values = compile(operand, register: register)
      let scalar = takeScalar()
      steps.append(.reduce(reduction, values, to: scalar))
      return scalar
    case .sameText(let left, let right, let isNegated):
      let scalar = takeScalar()
      if let a = Self.text(left), let b = Self.text(right) {
        steps.append(.sameScalarText(a, b, isNegated: isNegated, to: scalar))
      }
      return scalar
    case .text:
      // The parser lets texts stand in comparisons only.
      return takeScalar()
    }
  }

  private static func text(_ node: Node) -> Step.Text? {
    switch node {
    case .text(let constant): .constant(constant)
    case .input(let input): .input(input.id)
    default: nil
    }
  }

  private mutating func take(_ register: Int) -> Int {
    registerCount = max(registerCount, register + 1)
    return register
  }

  private func next(after operand: Step.Operand, _ register: Int) -> Int {
    if case .register(let used) = operand { return used + 1 }
    return register
  }

  private mutating func takeScalar() -> Int {
    scalarCount += 1
    return scalarCount - 1
  }
}
