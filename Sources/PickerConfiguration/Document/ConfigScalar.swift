/// A leaf of a configuration document with the type that YAML gives it.
///
/// Plain words are resolved the way Kubernetes tools resolve them: `true`/`yes`/`on` and their opposites are booleans,
/// `0x`, `0o` and `0b` introduce integers, an empty value or `~` is null. Quoted text is always a string.
public enum ConfigScalar: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  case double(Double)
  case string(String)

  /// Resolves a plain (unquoted) word.
  public init(plain text: String) {
    if let word = Self.words[text] {
      self = word
    } else if let number = Self.number(text) {
      self = number
    } else {
      self = .string(text)
    }
  }

  private static let words: [String: ConfigScalar] = {
    var words: [String: ConfigScalar] = [:]
    for word in ["", "~", "null", "Null", "NULL"] { words[word] = .null }
    for word in ["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"] { words[word] = .bool(true) }
    for word in ["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"] { words[word] = .bool(false) }
    for word in [".nan", ".NaN", ".NAN"] { words[word] = .double(.nan) }
    for word in [".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"] { words[word] = .double(.infinity) }
    for word in ["-.inf", "-.Inf", "-.INF"] { words[word] = .double(-.infinity) }
    return words
  }()

  private static func number(_ text: String) -> ConfigScalar? {
    var digits = Substring(text)
    let sign = digits.first
    if sign == "-" || sign == "+" { digits.removeFirst() }
    guard let first = digits.utf8.first, isDigit(first) || first == UInt8(ascii: ".") else { return nil }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      let magnitude = digits.dropFirst(2)
      guard !magnitude.isEmpty, magnitude.first != "+", magnitude.first != "-" else { return nil }
      return Int((sign == "-" ? "-" : "") + magnitude, radix: radix).map(ConfigScalar.integer)
    }
    guard digits.utf8.allSatisfy(isNumeric) else { return nil }
    if digits.utf8.allSatisfy(isDigit), let integer = Int(text) { return .integer(integer) }
    guard digits.utf8.contains(where: isDigit), let double = Double(text), double.isFinite else { return nil }
    return .double(double)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// A byte that a decimal number may hold after its sign; keeps `Double(_:)` from taking "0x1p3", "nan" or "infinity".
  private static func isNumeric(_ byte: UInt8) -> Bool {
    if isDigit(byte) { return true }
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"): return true
    default: return false
    }
  }
}

extension ConfigScalar: CustomStringConvertible {
  /// What an error message calls the value: `the integer 5`, `the string "abc"`.
  public var description: String {
    switch self {
    case .null: "nothing"
    case .bool(let value): "the boolean \(value)"
    case .integer(let value): "the integer \(value)"
    case .double(let value): "the number \(value)"
    case .string(let value): "the string \"\(value.count > 60 ? value.prefix(60) + "…" : value)\""
    }
  }
}
