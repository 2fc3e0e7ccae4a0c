import Expressions
import Testing

/// Compiled expressions yield what a plain walk over the tree yields, for every element.
@Suite struct NaiveEvaluationTests {
  @Test(arguments: 0..<40)
  func randomExpressionsMeanTheSame(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var sample = Sample()
    for round in 0..<100 {
      sample.a = (0..<7).map { _ in Self.value(&random) }
      sample.b = (0..<7).map { _ in Self.value(&random) }
      sample.zones = (0..<7).compactMap { _ in ["east", "west", ""].randomElement(using: &random) }
      sample.x = Self.value(&random)
      sample.y = Self.value(&random)
      sample.flag = .random(using: &random)
      sample.header = Bool.random(using: &random) ? "west" : "3"
      let tree = RandomTree.number(depth: 5, &random)
      let source = tree.text(&random)
      let compiled = try sample.values(source)
      for position in 0..<7 {
        let expected = tree.value(sample, position)
        #expect(
          compiled[position] == expected || (compiled[position].isNaN && expected.isNaN),
          "round \(round), element \(position): \(source)")
      }
    }
  }

  private static func value(_ random: inout SeededGenerator) -> Double {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: .nan
    case 1: 0
    case 2: .infinity
    default: Double(Int.random(in: -40...40, using: &random)) / 4
    }
  }
}

/// A random expression that knows its text and its value.
indirect enum RandomTree {
  case literal(Double)
  case element(String, (Sample, Int) -> Double)
  case unary(String, (Double) -> Double, RandomTree)
  case infix(String, (Double, Double) -> Double, RandomTree, RandomTree)
  case function(String, ([Double]) -> Double, [RandomTree])
  case select(RandomTree, RandomTree, RandomTree)
  case reduction(String, ([Double]) -> Double, RandomTree)

  func value(_ sample: Sample, _ position: Int) -> Double {
    switch self {
    case .literal(let value): value
    case .element(_, let value): value(sample, position)
    case .unary(_, let operation, let operand): operation(operand.value(sample, position))
    case .infix(_, let operation, let left, let right):
      operation(left.value(sample, position), right.value(sample, position))
    case .function(_, let operation, let operands): operation(operands.map { $0.value(sample, position) })
    case .select(let condition, let then, let other):
      condition.value(sample, position) != 0 ? then.value(sample, position) : other.value(sample, position)
    case .reduction(_, let operation, let operand):
      operation((0..<sample.count).map { operand.value(sample, $0) }.filter { !$0.isNaN })
    }
  }

  /// The text, with parentheses around everything composed, and blanks here and there.
  func text(_ random: inout SeededGenerator) -> String {
    let blank = Bool.random(using: &random) ? " " : ""
    switch self {
    case .literal(let value): return "\(value)"
    case .element(let name, _): return name
    case .unary(let sign, _, let operand): return "\(sign)(\(operand.text(&random)))"
    case .infix(let sign, _, let left, let right):
      return "(\(left.text(&random))\(blank)\(sign)\(blank)\(right.text(&random)))"
    case .function(let name, _, let operands):
      return "\(name)(\(operands.map { $0.text(&random) }.joined(separator: ",\(blank)")))"
    case .select(let condition, let then, let other):
      return "(\(condition.text(&random))\(blank)?\(blank)\(then.text(&random)) : \(other.text(&random)))"
    case .reduction(let name, _, let operand): return "\(name)(\(blank)\(operand.text(&random)))"
    }
  }

  static func number(depth: Int, _ random: inout SeededGenerator) -> RandomTree {
    func sub(_ random: inout SeededGenerator) -> RandomTree { number(depth: depth - 1, &random) }
    guard depth > 0 else {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: return .literal(Double(Int.random(in: 0...20, using: &random)) / 2)
      case 1: return .element("x") { sample, _ in sample.x }
      case 2: return .element("usage.y") { sample, _ in sample.y }
      case 3: return .element("number(header('h'))") { sample, _ in Double(sample.header) ?? .nan }
      case 4: return .element("b") { sample, position in sample.b[position] }
      default: return .element("a") { sample, position in sample.a[position] }
      }
    }
    switch Int.random(in: 0..<14, using: &random) {
    case 0: return .infix("+", { $0 + $1 }, sub(&random), sub(&random))
    case 1: return .infix("-", { $0 - $1 }, sub(&random), sub(&random))
    case 2: return .infix("*", { $0 * $1 }, sub(&random), sub(&random))
    case 3: return .infix("/", { $0 / $1 }, sub(&random), sub(&random))
    case 4: return .infix("%", { $0.truncatingRemainder(dividingBy: $1) }, sub(&random), sub(&random))
    case 5:
      return .function("min", { $0.contains(where: \.isNaN) ? .nan : $0.min() ?? .nan }, [sub(&random), sub(&random)])
    case 6:
      return .function("max", { $0.contains(where: \.isNaN) ? .nan : $0.max() ?? .nan }, [sub(&random), sub(&random)])
    case 7: return .unary("-", { -$0 }, sub(&random))
    case 8: return .function("abs", { abs($0[0]) }, [sub(&random)])
    case 9: return .function("sqrt", { $0[0].squareRoot() }, [sub(&random)])
    case 10: return .function("floor", { $0[0].rounded(.down) }, [sub(&random)])
    case 11: return .reduction("lowest", { $0.min() ?? .nan }, sub(&random))
    default: return .select(boolean(depth: depth - 1, &random), sub(&random), sub(&random))
    }
  }

  static func boolean(depth: Int, _ random: inout SeededGenerator) -> RandomTree {
    func sub(_ random: inout SeededGenerator) -> RandomTree { boolean(depth: depth - 1, &random) }
    func number(_ random: inout SeededGenerator) -> RandomTree { self.number(depth: max(0, depth - 1), &random) }
    guard depth > 0 else {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: return .element("flag") { sample, _ in sample.flag ? 1 : 0 }
      case 1:
        return .element("label('zone') == 'east'") { sample, position in sample.zones[position] == "east" ? 1 : 0 }
      case 2:
        return .element("label('zone') != header('h')") { sample, position in
          sample.zones[position] != sample.header ? 1 : 0
        }
      default: return .element("header('h') == 'west'") { sample, _ in sample.header == "west" ? 1 : 0 }
      }
    }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return .infix("<", { $0 < $1 ? 1 : 0 }, number(&random), number(&random))
    case 1: return .infix(">=", { $0 >= $1 ? 1 : 0 }, number(&random), number(&random))
    case 2: return .infix("==", { $0 == $1 ? 1 : 0 }, number(&random), number(&random))
    case 3: return .infix("!=", { $0 != $1 ? 1 : 0 }, number(&random), number(&random))
    case 4: return .infix("&&", { $0 != 0 && $1 != 0 ? 1 : 0 }, sub(&random), sub(&random))
    case 5: return .infix("||", { $0 != 0 || $1 != 0 ? 1 : 0 }, sub(&random), sub(&random))
    case 6: return .unary("!", { $0 == 0 ? 1 : 0 }, sub(&random))
    default: return .function("has", { $0[0].isNaN ? 0 : 1 }, [number(&random)])
    }
  }
}
