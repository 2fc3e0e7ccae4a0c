/// What is wrong with a JSON text.
struct JSONError: Error, Equatable {
  /// Byte offset of the defect.
  let offset: Int
  /// What was expected there.
  let reason: String
}

/// Reads a JSON text front to back without building a tree.
///
/// Every method starts at the next value (white space before it is skipped) and ends right behind it. The scanner is
/// strict about structure; strings are not checked to be UTF-8. Nesting deeper than 128 is an error.
///
/// Use it only inside the closure that lends the bytes.
struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  private static let maxDepth = 128

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// The first byte of the next value; 0 at the end of the text.
  mutating func peek() -> UInt8 {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return bytes[position]
      }
    }
    return 0
  }

  /// Checks that nothing but white space is left.
  mutating func expectEnd() throws(JSONError) {
    guard peek() == 0, position >= bytes.count else { throw error("unexpected data after the value") }
  }

  /// Reads an object: `body` is called at each member's value and must read or skip it.
  mutating func readObject(
    _ body: (_ key: String, _ scanner: inout JSONScanner) throws(JSONError) -> Void
  ) throws(JSONError) {
    try expect(UInt8(ascii: "{"))
    if peek() == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      let key = try readString()
      try expect(UInt8(ascii: ":"))
      try body(key, &self)
      if peek() == UInt8(ascii: ",") {
        position += 1
        continue
      }
      return try expect(UInt8(ascii: "}"))
    }
  }

  /// Reads an array: `body` is called at each element and must read or skip it.
  mutating func readArray(_ body: (_ scanner: inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
    try expect(UInt8(ascii: "["))
    if peek() == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      try body(&self)
      if peek() == UInt8(ascii: ",") {
        position += 1
        continue
      }
      return try expect(UInt8(ascii: "]"))
    }
  }

  /// Reads a string.
  mutating func readString() throws(JSONError) -> String {
    var text: [UInt8] = []
    try readString(appendingTo: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads a string and appends its UTF-8 bytes, escapes resolved; an unpaired surrogate becomes U+FFFD.
  mutating func readString(appendingTo text: inout [UInt8]) throws(JSONError) {
    try expect(UInt8(ascii: "\""))
    while true {
      let start = position
      try skipPlainStringBytes()
      text.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
      if bytes[position] == UInt8(ascii: "\"") {
        position += 1
        return
      }
      try readEscape(appendingTo: &text)
    }
  }

  /// Reads a number. `nil` is a number too large for a `Double`, which JSON allows.
  mutating func readNumber() throws(JSONError) -> Double? {
    _ = peek()
    let start = position
    try skipNumber()
    return Double(String(decoding: bytes[start..<position], as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Reads `true` or `false`.
  mutating func readBool() throws(JSONError) -> Bool {
    if peek() == UInt8(ascii: "t") {
      try skipLiteral("true")
      return true
    }
    try skipLiteral("false")
    return false
  }

  /// Skips `null` if it is the next value, and returns whether it was.
  mutating func readNull() throws(JSONError) -> Bool {
    guard peek() == UInt8(ascii: "n") else { return false }
    try skipLiteral("null")
    return true
  }

  /// Skips a value of any kind and returns where it lies.
  @discardableResult
  mutating func skipValue(depth: Int = 0) throws(JSONError) -> Range<Int> {
    guard depth < Self.maxDepth else { throw error("nesting is deeper than \(Self.maxDepth)") }
    let first = peek()
    let start = position
    switch first {
    case UInt8(ascii: "{"):
      try readObject { (_, scanner) throws(JSONError) in _ = try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try readArray { (scanner) throws(JSONError) in _ = try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "t"): try skipLiteral("true")
    case UInt8(ascii: "f"): try skipLiteral("false")
    case UInt8(ascii: "n"): try skipLiteral("null")
    default: try skipNumber()
    }
    return start..<position
  }

  // MARK: Parts

  private func error(_ reason: String) -> JSONError { JSONError(offset: position, reason: reason) }

  private mutating func expect(_ byte: UInt8) throws(JSONError) {
    guard peek() == byte, position < bytes.count else {
      throw error("expected '\(Character(UnicodeScalar(byte)))'")
    }
    position += 1
  }

  private mutating func skipLiteral(_ literal: StaticString) throws(JSONError) {
    let end = position + literal.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[position..<end].elementsEqual(UnsafeBufferPointer(start: literal.utf8Start, count: end - position))
    else { throw error("expected a value") }
    position = end
  }

  private mutating func skipNumber() throws(JSONError) {
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let integer = position
    try skipDigits("expected a value")
    if bytes[integer] == UInt8(ascii: "0"), position > integer + 1 { throw error("number with a leading zero") }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try skipDigits("expected a digit")
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position += 1
      }
      try skipDigits("expected a digit")
    }
  }

  private mutating func skipDigits(_ reason: String) throws(JSONError) {
    let start = position
    while position < bytes.count, bytes[position] &- 0x30 < 10 { position += 1 }
    guard position > start else { throw error(reason) }
  }

  /// Moves to the next quote or backslash of a string.
  private mutating func skipPlainStringBytes() throws(JSONError) {
    // Prompts are long strings: eight bytes at a time up to the first that needs a closer look.
    var index = position
    while index + 8 <= bytes.count, !Self.hasSpecialByte(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      position = index
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
      guard byte >= 0x20 else { throw error("control character in a string") }
      index += 1
    }
    position = index
    throw error("unterminated string")
  }

  /// Whether one of eight bytes is a quote, a backslash or a control character. A borrow can mark the bytes above a hit
  /// wrongly, which doesn't matter for whether there is a hit.
  private static func hasSpecialByte(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5c)
    let found = (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word
    return found & tops != 0
  }

  private mutating func skipString() throws(JSONError) {
    position += 1
    var ignored: [UInt8] = []
    while true {
      try skipPlainStringBytes()
      if bytes[position] == UInt8(ascii: "\"") {
        position += 1
        return
      }
      ignored.removeAll(keepingCapacity: true)
      try readEscape(appendingTo: &ignored)
    }
  }

  private mutating func readEscape(appendingTo text: inout [UInt8]) throws(JSONError) {
    position += 1
    guard position < bytes.count else { throw error("unterminated string") }
    let kind = bytes[position]
    position += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): try readUnicodeEscape(appendingTo: &text)
    default:
      position -= 1
      throw error("unknown escape")
    }
  }

  private mutating func readUnicodeEscape(appendingTo text: inout [UInt8]) throws(JSONError) {
    var code = try readFourHexDigits()
    if (0xd800..<0xdc00).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    {
      let mark = position
      position += 2
      let low = try readFourHexDigits()
      if (0xdc00..<0xe000).contains(low) {
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      } else {
        position = mark
      }
    }
    text.append(contentsOf: String(UnicodeScalar(code).map(Character.init) ?? "\u{fffd}").utf8)
  }

  private mutating func readFourHexDigits() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("unterminated string") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw error("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
