/// Writes JSON text piece by piece, in the order of the calls. Whoever calls keeps objects and arrays balanced.
///
/// For text that is made often, such as log lines and the dashboard's data: no intermediate objects, no key sorting.
public struct JSONWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false
  private let isASCII: Bool

  /// Nothing written.
  /// - Parameters:
  ///   - capacity: bytes to make room for.
  ///   - isASCII: escape everything else, for places such as header values.
  public init(capacity: Int = 0, isASCII: Bool = false) {
    self.isASCII = isASCII
    bytes.reserveCapacity(capacity)
  }

  // MARK: Structure

  /// `{`
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// `}`
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// `[`
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// `]`
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// The name of the value that follows.
  public mutating func key(_ name: String) {
    separate()
    append(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A line feed, between documents.
  public mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  private mutating func open(_ byte: UInt8) {
    separate()
    bytes.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  // MARK: Values

  /// Text.
  public mutating func value(_ text: String) {
    separate()
    append(text)
  }

  /// A whole number.
  public mutating func value(_ number: some BinaryInteger) {
    separate()
    bytes += String(number).utf8
  }

  /// A number in its shortest form; `null` when it is not finite.
  /// - Parameter decimals: digits after the point to round to; nil for all.
  public mutating func value(_ number: Double, decimals: Int? = nil) {
    separate()
    var number = number
    if let decimals {
      var factor = 1.0
      for _ in 0..<decimals { factor *= 10 }
      number = (number * factor).rounded() / factor
    }
    guard number.isFinite else {
      bytes += "null".utf8
      return
    }
    if let whole = Int(exactly: number), whole.magnitude < 1 << 53 {
      bytes += String(whole).utf8
    } else {
      bytes += number.description.utf8
    }
  }

  /// A truth value.
  public mutating func value(_ truth: Bool) {
    separate()
    bytes += (truth ? "true" : "false").utf8
  }

  /// `null`
  public mutating func null() { raw("null".utf8) }

  /// An array of texts.
  public mutating func value(_ texts: [String]) {
    beginArray()
    for text in texts { value(text) }
    endArray()
  }

  /// A value that is JSON already.
  public mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes += json
  }

  // MARK: Fields

  /// A named value.
  public mutating func field(_ name: String, _ text: String) {
    key(name)
    value(text)
  }

  /// A named value.
  public mutating func field(_ name: String, _ number: some BinaryInteger) {
    key(name)
    value(number)
  }

  /// A named value.
  public mutating func field(_ name: String, _ number: Double, decimals: Int? = nil) {
    key(name)
    value(number, decimals: decimals)
  }

  /// A named value.
  public mutating func field(_ name: String, _ truth: Bool) {
    key(name)
    value(truth)
  }

  /// A named value.
  public mutating func field(_ name: String, _ texts: [String]) {
    key(name)
    value(texts)
  }

  // MARK: Text

  private mutating func append(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    if isASCII, text.utf8.contains(where: { $0 >= 0x7F }) {
      for unit in text.utf16 { append(unit) }
    } else {
      for byte in text.utf8 { append(byte) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ unit: UInt16) {
    if unit < 0x7F { return append(UInt8(unit)) }
    let digits = String(unit, radix: 16)
    bytes += "\\u".utf8
    bytes += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
    bytes += digits.utf8
  }

  private mutating func append(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): bytes += "\\\"".utf8
    case UInt8(ascii: "\\"): bytes += "\\\\".utf8
    case UInt8(ascii: "\n"): bytes += "\\n".utf8
    case UInt8(ascii: "\r"): bytes += "\\r".utf8
    case UInt8(ascii: "\t"): bytes += "\\t".utf8
    case 0..<0x20:
      bytes += (byte < 16 ? "\\u000" : "\\u00").utf8
      bytes += String(byte, radix: 16).utf8
    default: bytes.append(byte)
    }
  }
}
