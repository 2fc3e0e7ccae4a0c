#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads the numbers of the exposition format: decimal with optional fraction and exponent, `NaN`, `Inf`, `+Inf`,
/// `-Inf`.
enum NumberParser {
  /// Longest number read, in bytes; no printed double is near it.
  static let maximumLength = 128

  /// The number that the whole text spells, or nil.
  static func double(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard let first = text.first, text.count <= maximumLength else { return nil }
    var position = 0
    let isNegative = first == UInt8(ascii: "-")
    if isNegative || first == UInt8(ascii: "+") { position = 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var fractionDigits = 0
    var hasPoint = false
    while position < text.count {
      let byte = text[position]
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        digits += 1
        if digits <= 18 { mantissa = mantissa * 10 + UInt64(byte - UInt8(ascii: "0")) }
        if hasPoint { fractionDigits += 1 }
      } else {
        break
      }
      position += 1
    }
    guard digits > 0 else { return word(text, from: position, isNegative: isNegative) }
    // A mantissa below 2^53 and a power of ten that is exact divide to the correctly rounded number.
    if position == text.count, digits <= 18, mantissa < 1 << 53, fractionDigits < powersOfTen.count {
      let value = Double(mantissa) / powersOfTen[fractionDigits]
      return isNegative ? -value : value
    }
    return hasExponent(text, from: position) ? general(text) : nil
  }

  /// A decimal integer with optional sign, or nil.
  static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard text.count <= 20 else { return nil }
    return Int(String(decoding: text, as: UTF8.self))
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  ]

  private static func word(_ text: UnsafeBufferPointer<UInt8>, from start: Int, isNegative: Bool) -> Double? {
    let letters = text[start...]
    func spells(_ word: StaticString) -> Bool {
      guard word.utf8CodeUnitCount == letters.count else { return false }
      return word.withUTF8Buffer { word in zip(word, letters).allSatisfy { $0 == $1 | 0x20 } }
    }
    if spells("nan") { return .nan }
    guard spells("inf") || spells("infinity") else { return nil }
    return isNegative ? -.infinity : .infinity
  }

  /// Whether the rest of the text is empty or an exponent.
  private static func hasExponent(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
    guard start < text.count else { return true }
    guard text[start] | 0x20 == UInt8(ascii: "e") else { return false }
    var digits = text[(start + 1)...]
    if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits = digits.dropFirst() }
    return !digits.isEmpty && digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  /// Any number, by libc, from a terminated copy on the stack. The process never sets a locale, so the point is a point.
  private static func general(_ text: UnsafeBufferPointer<UInt8>) -> Double {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: maximumLength + 1) { copy in
      for index in text.indices { copy[index] = CChar(bitPattern: text[index]) }
      copy[text.count] = 0
      guard let start = copy.baseAddress else { return .nan }
      return strtod(start, nil)
    }
  }
}
