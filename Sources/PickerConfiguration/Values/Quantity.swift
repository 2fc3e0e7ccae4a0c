/// A Kubernetes quantity: `10Gi`, `1G`, `500m`, `1.5`, `2e3`.
///
/// Held exactly in billionths; finer fractions are rounded away from zero, as Kubernetes does.
public struct Quantity: Sendable {
  /// The amount in billionths. Its magnitude is at most `Int64.max` units.
  let nano: Int128
  /// The amount as it was written.
  public let text: String

  /// A whole amount.
  public init(_ value: Int64) {
    nano = Int128(value) * 1_000_000_000
    text = String(value)
  }

  /// The amount in whole units, rounded away from zero.
  public var value: Int64 { rounded(by: 1_000_000_000) }

  /// The amount in thousandths, rounded away from zero and held within `Int64`.
  public var milliValue: Int64 { rounded(by: 1_000_000) }

  /// The amount as a floating point number.
  public var doubleValue: Double { Double(nano) / 1e9 }

  private func rounded(by unit: Int128) -> Int64 {
    let (quotient, remainder) = nano.quotientAndRemainder(dividingBy: unit)
    return Int64(clamping: quotient + remainder.signum())
  }
}

extension Quantity: Hashable, Comparable {
  /// Amounts are equal whatever their spelling.
  public static func == (lhs: Quantity, rhs: Quantity) -> Bool { lhs.nano == rhs.nano }
  /// Compares the amounts.
  public static func < (lhs: Quantity, rhs: Quantity) -> Bool { lhs.nano < rhs.nano }
  /// Feeds the amount, not its spelling.
  public func hash(into hasher: inout Hasher) { hasher.combine(nano) }
}

extension Quantity: CustomStringConvertible {
  /// The amount as it was written.
  public var description: String { text }
}

extension Quantity {
  /// Reads a quantity: a signed decimal number followed by nothing, a binary suffix (`Ki` … `Ei`), a decimal suffix
  /// (`n`, `u`, `m`, `k`, `M` … `E`) or a decimal exponent (`e3`, `E-2`).
  ///
  /// - Parameter allowingByteUnit: also take a trailing `B`, as in `10MiB`.
  /// - Returns: `nil` for anything else and for amounts beyond `Int64`.
  public init?(_ text: String, allowingByteUnit: Bool = false) {
    var rest = text.utf8[...]
    if allowingByteUnit, rest.last == UInt8(ascii: "B") { rest = rest.dropLast() }
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    guard let number = Decimal(&rest), let (multiplier, exponent) = Self.scale(of: Substring(rest)) else { return nil }
    guard let nano = number.scaled(by: multiplier, exponent: exponent + 9) else { return nil }
    guard nano <= Int128(Int64.max) * 1_000_000_000 else { return nil }
    self.nano = isNegative ? -nano : nano
    self.text = text
  }

  /// The factor and the power of ten that a suffix stands for.
  private static func scale(of suffix: Substring) -> (multiplier: Int128, exponent: Int)? {
    switch suffix {
    case "": return (1, 0)
    case "n": return (1, -9)
    case "u": return (1, -6)
    case "m": return (1, -3)
    case "k": return (1, 3)
    case "M": return (1, 6)
    case "G": return (1, 9)
    case "T": return (1, 12)
    case "P": return (1, 15)
    case "E": return (1, 18)
    case "Ki": return (1 << 10, 0)
    case "Mi": return (1 << 20, 0)
    case "Gi": return (1 << 30, 0)
    case "Ti": return (1 << 40, 0)
    case "Pi": return (1 << 50, 0)
    case "Ei": return (1 << 60, 0)
    default:
      guard suffix.first == "e" || suffix.first == "E", let exponent = Int(suffix.dropFirst()) else { return nil }
      guard abs(exponent) <= 40 else { return nil }
      return (1, exponent)
    }
  }

  /// An unsigned decimal number: `digits × 10^exponent`.
  private struct Decimal {
    var digits: Int128 = 0
    var exponent = 0

    /// Takes digits with at most one point from the front; `nil` without a digit or with more than 18 that count.
    init?(_ rest: inout Substring.UTF8View) {
      var count = 0
      var inFraction = false
      while let byte = rest.first {
        if byte == UInt8(ascii: "."), !inFraction {
          inFraction = true
        } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
          count += 1
          digits = digits * 10 + Int128(byte - UInt8(ascii: "0"))
          if inFraction { exponent -= 1 }
          guard digits <= Int128(Int64.max), exponent > -40 else { return nil }
        } else {
          break
        }
        rest = rest.dropFirst()
      }
      guard count > 0 else { return nil }
    }

    /// `self × multiplier × 10^exponent`, rounded up; `nil` on overflow.
    func scaled(by multiplier: Int128, exponent shift: Int) -> Int128? {
      var (result, overflow) = digits.multipliedReportingOverflow(by: multiplier)
      guard !overflow else { return nil }
      let power = exponent + shift
      for _ in 0..<abs(power) {
        if result == 0 { break }
        if power > 0 {
          (result, overflow) = result.multipliedReportingOverflow(by: 10)
          guard !overflow else { return nil }
        }
      }
      guard power < 0 else { return result }
      var divisor: Int128 = 1
      for _ in 0..<(-power) {
        (divisor, overflow) = divisor.multipliedReportingOverflow(by: 10)
        // A divisor beyond 128 bits leaves less than one billionth, which rounds up to one.
        guard !overflow else { return result == 0 ? 0 : 1 }
      }
      return result / divisor + (result % divisor == 0 ? 0 : 1)
    }
  }
}
