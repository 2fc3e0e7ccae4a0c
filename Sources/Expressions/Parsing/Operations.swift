#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What is computed of one number. Booleans are the numbers 0 and 1.
enum UnaryOperation: String, CaseIterable {
  case negate
  case not
  case abs
  case log
  case exp
  case sqrt
  case floor
  case ceil
  /// Whether the number is there at all, that is, not NaN.
  case has

  var isBoolean: Bool { self == .not || self == .has }

  @inline(__always)
  func apply(_ value: Double) -> Double {
    switch self {
    case .negate: -value
    case .not: 1 - value
    case .abs: Swift.abs(value)
    case .log: logarithm(value)
    case .exp: exponential(value)
    case .sqrt: value.squareRoot()
    case .floor: value.rounded(.down)
    case .ceil: value.rounded(.up)
    case .has: value.isNaN ? 0 : 1
    }
  }
}

/// What is computed of two numbers.
enum BinaryOperation: CaseIterable {
  case add
  case subtract
  case multiply
  case divide
  case remainder
  case less
  case lessOrEqual
  case greater
  case greaterOrEqual
  case equal
  case notEqual
  case and
  case or
  case min
  case max

  var isBoolean: Bool {
    switch self {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual, .and, .or: true
    case .add, .subtract, .multiply, .divide, .remainder, .min, .max: false
    }
  }

  @inline(__always)
  func apply(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .remainder: a.truncatingRemainder(dividingBy: b)
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .greater: a > b ? 1 : 0
    case .greaterOrEqual: a >= b ? 1 : 0
    case .equal: a == b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    case .and: a * b
    case .or: a > b ? a : b
    // A missing number stays missing.
    case .min: a <= b || a != a ? a : b
    case .max: a >= b || a != a ? a : b
    }
  }
}

/// What is computed of the numbers of all elements. Missing ones are left out; NaN when there are none.
enum Reduction: String, CaseIterable {
  case lowest
  case highest
  case mean

  func apply(_ count: Int, _ value: (Int) -> Double) -> Double {
    var result = Double.nan
    var known = 0
    for position in 0..<count {
      let value = value(position)
      guard !value.isNaN else { continue }
      known += 1
      guard known > 1 else {
        result = value
        continue
      }
      switch self {
      case .lowest: result = Swift.min(result, value)
      case .highest: result = Swift.max(result, value)
      case .mean: result += value
      }
    }
    return self == .mean && known > 0 ? result / Double(known) : result
  }
}

// Free functions that the operations of the same names would hide.
@inline(__always) private func logarithm(_ value: Double) -> Double { log(value) }
@inline(__always) private func exponential(_ value: Double) -> Double { exp(value) }
