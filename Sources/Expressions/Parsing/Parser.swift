/// Reads an expression: precedence climbing, with types checked on the way so that errors can name the column.
///
///     expression := or [ "?" expression ":" expression ]
///     or         := and { "||" and }          and     := relation { "&&" relation }
///     relation   := sum { ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum }
///     sum        := product { ( "+" | "-" ) product }
///     product    := unary { ( "*" | "/" | "%" ) unary }
///     unary      := ( "-" | "!" ) unary | primary
///     primary    := number | text | "true" | "false" | name [ "(" expression { "," expression } ")" ]
///                 | "(" expression ")"
struct Parser<Names: ExpressionNames> {
  /// Bounds the stack that reading and compiling take.
  private static var maximumDepth: Int { 100 }

  private let names: Names
  private var lexer: Lexer
  private var token: Token
  private var depth = 0

  static func parse(_ source: String, names: Names) throws(ExpressionError) -> Node {
    var parser = try Parser(source, names: names)
    let node = try parser.expression()
    guard parser.token.kind == .end else {
      throw ExpressionError(parser.token.column, "unexpected \(parser.token.summary)")
    }
    return node
  }

  private init(_ source: String, names: Names) throws(ExpressionError) {
    self.names = names
    lexer = Lexer(source)
    token = try lexer.next()
  }

  // MARK: Tokens

  private mutating func advance() throws(ExpressionError) { token = try lexer.next() }

  private mutating func accept(_ sign: Token.Sign) throws(ExpressionError) -> Bool {
    guard token.kind == .sign(sign) else { return false }
    try advance()
    return true
  }

  private mutating func expect(_ sign: Token.Sign) throws(ExpressionError) {
    let found = token
    guard try accept(sign) else {
      throw ExpressionError(found.column, "expected \"\(sign.rawValue)\", found \(found.summary)")
    }
  }

  // MARK: Rules

  private mutating func expression() throws(ExpressionError) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw ExpressionError(token.column, "nested too deeply") }
    let start = token.column
    let condition = try disjunction()
    guard try accept(.question) else { return condition }
    try demand(.boolean, condition, at: start)
    let then = token.column
    let first = try expression()
    try expect(.colon)
    let other = token.column
    let second = try expression()
    guard first.type != .text else { throw ExpressionError(then, "a text cannot be chosen, only compared") }
    try demand(first.type, second, at: other)
    return .make(if: condition, first, else: second)
  }

  private mutating func disjunction() throws(ExpressionError) -> Node {
    let start = token.column
    var left = try conjunction()
    while try accept(.or) {
      let right = token.column
      let operand = try conjunction()
      try demand(.boolean, left, at: start)
      try demand(.boolean, operand, at: right)
      left = .make(.or, left, operand)
    }
    return left
  }

  private mutating func conjunction() throws(ExpressionError) -> Node {
    let start = token.column
    var left = try relation()
    while try accept(.and) {
      let right = token.column
      let operand = try relation()
      try demand(.boolean, left, at: start)
      try demand(.boolean, operand, at: right)
      left = .make(.and, left, operand)
    }
    return left
  }

  private mutating func relation() throws(ExpressionError) -> Node {
    let start = token.column
    var left = try sum()
    while case .sign(let sign) = token.kind, let operation = Self.relations[sign] {
      try advance()
      let right = token.column
      let operand = try sum()
      if operation == .equal || operation == .notEqual {
        try demand(left.type, operand, at: right)
      } else {
        try demand(.number, left, at: start)
        try demand(.number, operand, at: right)
      }
      left =
        left.type == .text
        ? try sameText(left, operand, isNegated: operation == .notEqual, at: start) : .make(operation, left, operand)
    }
    return left
  }

  private static var relations: [Token.Sign: BinaryOperation] {
    [
      .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater, .greaterOrEqual: .greaterOrEqual, .equal: .equal,
      .notEqual: .notEqual,
    ]
  }

  private func sameText(_ left: Node, _ right: Node, isNegated: Bool, at column: Int) throws(ExpressionError) -> Node {
    guard !(left.variesByElement && right.variesByElement) else {
      throw ExpressionError(column, "two texts that differ by endpoint cannot be compared")
    }
    return right.variesByElement
      ? .sameText(right, left, isNegated: isNegated) : .sameText(left, right, isNegated: isNegated)
  }

  private mutating func sum() throws(ExpressionError) -> Node {
    let start = token.column
    var left = try product()
    while case .sign(let sign) = token.kind, sign == .plus || sign == .minus {
      left = try arithmetic(sign == .plus ? .add : .subtract, left, at: start) { (parser) throws(ExpressionError) in
        try parser.product()
      }
    }
    return left
  }

  private mutating func product() throws(ExpressionError) -> Node {
    let start = token.column
    var left = try unary()
    while case .sign(let sign) = token.kind, let operation = Self.products[sign] {
      left = try arithmetic(operation, left, at: start) { (parser) throws(ExpressionError) in try parser.unary() }
    }
    return left
  }

  private static var products: [Token.Sign: BinaryOperation] {
    [.times: .multiply, .divide: .divide, .remainder: .remainder]
  }

  private mutating func arithmetic(
    _ operation: BinaryOperation, _ left: Node, at start: Int,
    _ operand: (inout Parser) throws(ExpressionError) -> Node
  ) throws(ExpressionError) -> Node {
    try advance()
    let column = token.column
    let right = try operand(&self)
    try demand(.number, left, at: start)
    try demand(.number, right, at: column)
    return .make(operation, left, right)
  }

  private mutating func unary() throws(ExpressionError) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw ExpressionError(token.column, "nested too deeply") }
    if try accept(.minus) { return try unary(.negate, of: .number) }
    if try accept(.not) { return try unary(.not, of: .boolean) }
    return try primary()
  }

  private mutating func unary(
    _ operation: UnaryOperation, of type: ExpressionType
  ) throws(ExpressionError) -> Node {
    let column = token.column
    let operand = try unary()
    try demand(type, operand, at: column)
    return .make(operation, operand)
  }

  private mutating func primary() throws(ExpressionError) -> Node {
    let start = token
    try advance()
    switch start.kind {
    case .number(let value): return .constant(value, .number)
    case .text(let text): return .text(TextConstant(text))
    case .name("true"): return .constant(1, .boolean)
    case .name("false"): return .constant(0, .boolean)
    case .name(let name):
      guard try accept(.open) else {
        guard let input = names.variable(name) else {
          throw ExpressionError(start.column, "unknown name \"\(name)\"", unknownName: name)
        }
        return .input(input)
      }
      return try call(name, at: start.column)
    case .sign(.open):
      let inner = try expression()
      try expect(.close)
      return inner
    case .sign, .end:
      throw ExpressionError(start.column, "expected a value, found \(start.summary)")
    }
  }

  // MARK: Functions

  private mutating func call(_ name: String, at column: Int) throws(ExpressionError) -> Node {
    var arguments: [(node: Node, column: Int)] = []
    if token.kind != .sign(.close) {
      repeat {
        let start = token.column
        arguments.append((try expression(), start))
      } while try accept(.comma)
    }
    try expect(.close)
    func count(_ expected: Int) throws(ExpressionError) {
      guard arguments.count == expected else {
        throw ExpressionError(column, "\(name) takes \(expected) argument\(expected == 1 ? "" : "s")")
      }
    }
    func number(_ index: Int) throws(ExpressionError) -> Node {
      try demand(.number, arguments[index].node, at: arguments[index].column)
      return arguments[index].node
    }
    switch name {
    case "min", "max":
      guard !arguments.isEmpty else { throw ExpressionError(column, "\(name) takes at least 1 argument") }
      var result = try number(0)
      for index in 1..<max(arguments.count, 1) {
        result = .make(name == "min" ? .min : .max, result, try number(index))
      }
      return result
    case "clamp":
      try count(3)
      return .make(.max, .make(.min, try number(0), try number(2)), try number(1))
    case "has":
      try count(1)
      let (node, place) = arguments[0]
      if node.type == .text { return try sameText(node, .text(TextConstant("")), isNegated: true, at: place) }
      try demand(.number, node, at: place)
      return .make(.has, node)
    case "number":
      try count(1)
      guard case .input(let input) = arguments[0].node, input.type == .text, let converted = names.number(of: input)
      else { throw ExpressionError(arguments[0].column, "cannot be read as a number") }
      return .input(converted)
    default:
      if let function = Self.functions[name] {
        try count(1)
        return .make(function, try number(0))
      }
      if let reduction = Reduction(rawValue: name) {
        try count(1)
        return .reduce(reduction, try number(0))
      }
      return try outsideCall(name, arguments, at: column)
    }
  }

  private static var functions: [String: UnaryOperation] {
    ["abs": .abs, "log": .log, "exp": .exp, "sqrt": .sqrt, "floor": .floor, "ceil": .ceil]
  }

  private func outsideCall(
    _ name: String, _ arguments: [(node: Node, column: Int)], at column: Int
  ) throws(ExpressionError) -> Node {
    guard arguments.count == 1, case .text(let argument) = arguments[0].node else {
      guard names.call(name, argument: "") != nil else {
        throw ExpressionError(column, "unknown function \"\(name)\"", unknownName: name)
      }
      throw ExpressionError(column, "\(name) takes one text in quotes")
    }
    guard let input = names.call(name, argument: String(decoding: argument.bytes, as: UTF8.self)) else {
      throw ExpressionError(column, "unknown function \"\(name)\"", unknownName: name)
    }
    return .input(input)
  }

  private func demand(_ type: ExpressionType, _ node: Node, at column: Int) throws(ExpressionError) {
    guard node.type != type else { return }
    throw ExpressionError(column, "expected a \(type.rawValue), found a \(node.type.rawValue)")
  }
}

extension ExpressionError {
  /// Names of the functions that every expression has.
  public static let functionNames =
    ["min", "max", "clamp", "has", "number", "abs", "log", "exp", "sqrt", "floor", "ceil"]
    + Reduction.allCases.map(\.rawValue)
}
