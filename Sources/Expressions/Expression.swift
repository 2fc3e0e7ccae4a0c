/// A small arithmetic and boolean expression, compiled once and evaluated many times.
///
/// The language has numbers, texts in quotes, `true` and `false`; `+ - * / %`; comparisons; `&& || !`; `a ? b : c`;
/// parentheses; the functions `min`, `max`, `clamp(x, low, high)`, `abs`, `log` (natural), `exp`, `sqrt`, `floor` and
/// `ceil`; `has(x)`, whether a number or a text is there; and `lowest(x)`, `highest(x)` and `mean(x)` over all elements
/// that the expression is evaluated for. Everything else is a name that ``ExpressionNames`` give a meaning. Arithmetic
/// is that of IEEE 754 doubles: a division by zero is infinite or NaN, and a missing number is NaN and makes what is
/// computed of it NaN. Both sides of `&&`, `||` and `?:` are always computed, which nothing can notice.
///
/// Immutable and safe to share. Evaluating allocates nothing, keeps no locks and takes time that follows from the length
/// of the text and the number of elements alone.
public struct Expression: Sendable {
  /// The longest text, in bytes of UTF-8.
  public static let maximumLength = 4_096

  /// What the expression yields; never a text.
  public let type: ExpressionType
  /// Whether the value differs by element.
  public let variesByElement: Bool
  private let steps: [Step]
  private let outcome: Step.Operand
  private let scalarCount: Int
  private let registerCount: Int

  /// Compiles an expression.
  /// - Parameters:
  ///   - source: its text.
  ///   - names: gives names their meaning.
  ///   - type: what it must yield; nil for a number or a boolean.
  /// - Throws: ``ExpressionError`` naming the column.
  public init(
    _ source: String, names: some ExpressionNames, type: ExpressionType? = nil
  ) throws(ExpressionError) {
    guard source.utf8.count <= Self.maximumLength else {
      throw ExpressionError(1, "longer than \(Self.maximumLength) bytes")
    }
    let node = try Parser.parse(source, names: names)
    guard node.type != .text else { throw ExpressionError(1, "expected a number or a boolean, found a text") }
    if let type, type != node.type {
      throw ExpressionError(1, "expected a \(type.rawValue), found a \(node.type.rawValue)")
    }
    var compiler = Compiler()
    outcome = compiler.compile(node)
    self.type = node.type
    variesByElement = node.variesByElement
    steps = compiler.steps
    scalarCount = compiler.scalarCount
    registerCount = compiler.registerCount
  }

  /// How many doubles of memory an evaluation for that many elements takes besides its result.
  public func scratchCount(elements: Int) -> Int { scalarCount + max(0, registerCount - 1) * elements }

  /// Evaluates the expression for every element. Booleans are 0 and 1.
  /// - Parameters:
  ///   - columns: the values of names; arrays of at least `count` elements.
  ///   - count: how many elements there are.
  ///   - scratch: ``scratchCount(elements:)`` doubles, need not be initialised.
  ///   - result: takes `count` numbers.
  public func evaluate(
    _ columns: some ExpressionColumns, count: Int, scratch: UnsafeMutablePointer<Double>,
    into result: UnsafeMutablePointer<Double>
  ) {
    let kernels = Kernels(
      columns: columns, count: count, scalars: scratch, result: result, registers: scratch + scalarCount)
    for index in steps.indices { kernels.run(steps[index]) }
    switch outcome {
    case .register: break
    case .scalar(let index): result.update(repeating: scratch[index], count: count)
    case .column(let id): result.update(from: columns.numbers(id), count: count)
    }
  }

  /// Evaluates an expression whose value does not differ by element. Booleans are 0 and 1.
  /// - Returns: NaN for an expression whose value does differ, or that asks for the lowest, highest or mean of all.
  public func evaluate(_ values: some ExpressionValues) -> Double {
    guard case .scalar(let outcome) = outcome else { return .nan }
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(scalarCount, 1)) { scalars in
      guard let base = scalars.baseAddress else { return .nan }
      scalars.initialize(repeating: .nan)
      for index in steps.indices { steps[index].runScalar(values, base) }
      return base[outcome]
    }
  }
}
