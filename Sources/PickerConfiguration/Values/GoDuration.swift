/// A span of time written as Go writes it: `50ms`, `1.5s`, `1h2m`, `-3µs`, `0`.
public struct GoDuration: Sendable, Hashable, Comparable {
  /// The span in nanoseconds; may be negative.
  public var nanoseconds: Int64

  /// A span of `nanoseconds`.
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// No time at all.
  public static let zero = GoDuration(nanoseconds: 0)

  /// A span of `count` milliseconds.
  public static func milliseconds(_ count: Int32) -> GoDuration {
    GoDuration(nanoseconds: Int64(count) * 1_000_000)
  }

  /// A span of `count` seconds.
  public static func seconds(_ count: Int32) -> GoDuration {
    GoDuration(nanoseconds: Int64(count) * 1_000_000_000)
  }

  /// Shorter, or further below zero.
  public static func < (lhs: GoDuration, rhs: GoDuration) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

  /// The span in seconds.
  public var seconds: Double { Double(nanoseconds) / 1e9 }

  /// The span as the standard library's type.
  public var duration: Duration { .nanoseconds(nanoseconds) }
}

extension GoDuration {
  /// Reads Go's syntax: an optional sign, then numbers each followed by `ns`, `us`, `µs`, `ms`, `s`, `m` or `h`; a bare
  /// `0` needs no unit. `nil` for anything else and for spans beyond 292 years.
  public init?(_ text: String) {
    var rest = text.utf8[...]
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    if rest.elementsEqual("0".utf8) {
      self = .zero
      return
    }
    guard !rest.isEmpty else { return nil }
    var total: Int128 = 0
    while !rest.isEmpty {
      guard let term = Self.term(&rest) else { return nil }
      total += term
      guard total <= Int128(Int64.max) else { return nil }
    }
    nanoseconds = Int64(isNegative ? -total : total)
  }

  /// One number with its unit, in nanoseconds.
  private static func term(_ rest: inout Substring.UTF8View) -> Int128? {
    var whole: Int128 = 0
    var fraction: Int128 = 0
    var fractionScale: Int128 = 1
    var digits = 0
    var inFraction = false
    while let byte = rest.first {
      if byte == UInt8(ascii: "."), !inFraction {
        inFraction = true
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        digits += 1
        let digit = Int128(byte - UInt8(ascii: "0"))
        if !inFraction {
          whole = whole * 10 + digit
          guard whole <= Int128(Int64.max) else { return nil }
        } else if fractionScale < 1_000_000_000_000_000_000 {
          // Digits beyond the eighteenth can't change a count of nanoseconds.
          fraction = fraction * 10 + digit
          fractionScale *= 10
        }
      } else {
        break
      }
      rest = rest.dropFirst()
    }
    let unit = rest.prefix { !($0 == UInt8(ascii: ".") || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))) }
    guard digits > 0, let scale = scale(of: Substring(unit)) else { return nil }
    rest = rest[unit.endIndex...]
    return whole * scale + fraction * scale / fractionScale
  }

  private static func scale(of unit: Substring) -> Int128? {
    switch unit {
    case "ns": 1
    case "us", "µs", "μs": 1_000
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60_000_000_000
    case "h": 3_600_000_000_000
    default: nil
    }
  }
}

extension GoDuration: CustomStringConvertible {
  /// As Go prints it: `50ms`, `1.5s`, `1h2m0s`, `0s`.
  public var description: String {
    let magnitude = nanoseconds.magnitude
    let sign = nanoseconds < 0 ? "-" : ""
    switch magnitude {
    case 0: return "0s"
    case ..<1_000: return "\(sign)\(magnitude)ns"
    case ..<1_000_000: return sign + Self.decimal(magnitude, unit: 1_000) + "µs"
    case ..<1_000_000_000: return sign + Self.decimal(magnitude, unit: 1_000_000) + "ms"
    default:
      let minute: UInt64 = 60_000_000_000
      let seconds = Self.decimal(magnitude % minute, unit: 1_000_000_000) + "s"
      let minutes = magnitude / minute
      if minutes == 0 { return sign + seconds }
      if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
      return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }
  }

  /// `value / unit` without trailing zeros; `unit` is a power of ten.
  private static func decimal(_ value: UInt64, unit: UInt64) -> String {
    var fraction = value % unit
    guard fraction > 0 else { return "\(value / unit)" }
    var width = String(unit).utf8.count - 1
    while fraction % 10 == 0 {
      fraction /= 10
      width -= 1
    }
    let digits = String(fraction)
    return "\(value / unit)." + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
