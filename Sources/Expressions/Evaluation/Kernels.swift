/// The loops over all elements.
struct Kernels<Columns: ExpressionColumns> {
  let columns: Columns
  let count: Int
  let scalars: UnsafeMutablePointer<Double>
  /// Register 0.
  let result: UnsafeMutablePointer<Double>
  /// Registers 1 and up, one behind the other.
  let registers: UnsafeMutablePointer<Double>

  func register(_ index: Int) -> UnsafeMutablePointer<Double> {
    index == 0 ? result : registers + (index - 1) * count
  }

  func run(_ step: Step) {
    switch step {
    case .constant, .load, .unaryScalar, .binaryScalar, .selectScalar, .sameScalarText:
      step.runScalar(columns, scalars)
    case .reduce(let reduction, let operand, let target):
      switch operand {
      case .scalar(let index): scalars[target] = count > 0 ? scalars[index] : .nan
      default:
        let values = array(operand)
        scalars[target] = reduction.apply(count) { values[$0] }
      }
    case .unary(let operation, let operand, let target):
      unary(operation, array(operand), register(target))
    case .binary(let operation, let left, let right, let target):
      binary(operation, left, right, register(target))
    case .select(let condition, let then, let other, let target):
      select(condition, then, other, register(target))
    case .sameText(let input, let text, let isNegated, let target):
      let target = register(target)
      columns.compare(input, to: text.bytes(columns), into: target)
      if isNegated {
        for position in 0..<count { target[position] = 1 - target[position] }
      }
    }
  }

  /// An operand that is no scalar.
  private func array(_ operand: Step.Operand) -> UnsafePointer<Double> {
    switch operand {
    case .column(let id): columns.numbers(id)
    case .register(let index): UnsafePointer(register(index))
    // The compiler gives scalars a loop of their own.
    case .scalar(let index): UnsafePointer(scalars + index)
    }
  }

  private func unary(
    _ operation: UnaryOperation, _ values: UnsafePointer<Double>, _ target: UnsafeMutablePointer<Double>
  ) {
    // One loop for each operation, so that the compiler can make vector code of it.
    switch operation {
    case .negate: map(values, target) { UnaryOperation.negate.apply($0) }
    case .not: map(values, target) { UnaryOperation.not.apply($0) }
    case .abs: map(values, target) { UnaryOperation.abs.apply($0) }
    case .log: map(values, target) { UnaryOperation.log.apply($0) }
    case .exp: map(values, target) { UnaryOperation.exp.apply($0) }
    case .sqrt: map(values, target) { UnaryOperation.sqrt.apply($0) }
    case .floor: map(values, target) { UnaryOperation.floor.apply($0) }
    case .ceil: map(values, target) { UnaryOperation.ceil.apply($0) }
    case .has: map(values, target) { UnaryOperation.has.apply($0) }
    }
  }

  private func binary(
    _ operation: BinaryOperation, _ left: Step.Operand, _ right: Step.Operand, _ target: UnsafeMutablePointer<Double>
  ) {
    switch operation {
    case .add: map(left, right, target) { BinaryOperation.add.apply($0, $1) }
    case .subtract: map(left, right, target) { BinaryOperation.subtract.apply($0, $1) }
    case .multiply: map(left, right, target) { BinaryOperation.multiply.apply($0, $1) }
    case .divide: map(left, right, target) { BinaryOperation.divide.apply($0, $1) }
    case .remainder: map(left, right, target) { BinaryOperation.remainder.apply($0, $1) }
    case .less: map(left, right, target) { BinaryOperation.less.apply($0, $1) }
    case .lessOrEqual: map(left, right, target) { BinaryOperation.lessOrEqual.apply($0, $1) }
    case .greater: map(left, right, target) { BinaryOperation.greater.apply($0, $1) }
    case .greaterOrEqual: map(left, right, target) { BinaryOperation.greaterOrEqual.apply($0, $1) }
    case .equal: map(left, right, target) { BinaryOperation.equal.apply($0, $1) }
    case .notEqual: map(left, right, target) { BinaryOperation.notEqual.apply($0, $1) }
    case .and: map(left, right, target) { BinaryOperation.and.apply($0, $1) }
    case .or: map(left, right, target) { BinaryOperation.or.apply($0, $1) }
    case .min: map(left, right, target) { BinaryOperation.min.apply($0, $1) }
    case .max: map(left, right, target) { BinaryOperation.max.apply($0, $1) }
    }
  }

  @inline(__always)
  private func map(
    _ values: UnsafePointer<Double>, _ target: UnsafeMutablePointer<Double>, _ operation: (Double) -> Double
  ) {
    for position in 0..<count { target[position] = operation(values[position]) }
  }

  @inline(__always)
  private func map(
    _ left: Step.Operand, _ right: Step.Operand, _ target: UnsafeMutablePointer<Double>,
    _ operation: (Double, Double) -> Double
  ) {
    switch (left, right) {
    case (.scalar(let index), _):
      let a = scalars[index]
      let b = array(right)
      for position in 0..<count { target[position] = operation(a, b[position]) }
    case (_, .scalar(let index)):
      let a = array(left)
      let b = scalars[index]
      for position in 0..<count { target[position] = operation(a[position], b) }
    default:
      let a = array(left)
      let b = array(right)
      for position in 0..<count { target[position] = operation(a[position], b[position]) }
    }
  }

  private func select(
    _ condition: Step.Operand, _ then: Step.Operand, _ other: Step.Operand, _ target: UnsafeMutablePointer<Double>
  ) {
    let (flags, flagStride) = strided(condition)
    let (a, aStride) = strided(then)
    let (b, bStride) = strided(other)
    for position in 0..<count {
      target[position] = flags[position * flagStride] != 0 ? a[position * aStride] : b[position * bStride]
    }
  }

  private func strided(_ operand: Step.Operand) -> (UnsafePointer<Double>, Int) {
    if case .scalar = operand { return (array(operand), 0) }
    return (array(operand), 1)
  }
}

extension Step {
  /// Runs a step that is the same for all elements; others do nothing.
  func runScalar(_ values: some ExpressionValues, _ scalars: UnsafeMutablePointer<Double>) {
    switch self {
    case .constant(let value, let target): scalars[target] = value
    case .load(let input, let target): scalars[target] = values.number(input)
    case .unaryScalar(let operation, let operand, let target):
      scalars[target] = operation.apply(scalars[operand])
    case .binaryScalar(let operation, let left, let right, let target):
      scalars[target] = operation.apply(scalars[left], scalars[right])
    case .selectScalar(let condition, let then, let other, let target):
      scalars[target] = scalars[condition] != 0 ? scalars[then] : scalars[other]
    case .sameScalarText(let left, let right, let isNegated, let target):
      let isEqual = left.bytes(values).elementsEqual(right.bytes(values))
      scalars[target] = isEqual != isNegated ? 1 : 0
    case .reduce, .unary, .binary, .select, .sameText: break
    }
  }
}

extension Step.Text {
  func bytes(_ values: some ExpressionValues) -> UnsafeRawBufferPointer {
    switch self {
    case .constant(let constant): constant.bytes
    case .input(let id): values.text(id)
    }
  }
}
