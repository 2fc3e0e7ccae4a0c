/// Walks the top-level members of a JSON object as raw text, without reading their values.
///
/// One pass over the body, several bytes at a time inside strings and nested values. It does not validate: of a body that
/// is not JSON it finds some members or none, all of them within the body.
enum JSONMemberScanner {
  /// Calls `visit` with every key, as it stands between its quotes, and the range of its value, a string's quotes
  /// included, in document order.
  @inline(__always)
  static func scan(
    _ body: UnsafeRawBufferPointer, _ visit: (_ key: UnsafeRawBufferPointer, _ value: Range<Int>) -> Void
  ) {
    var index = JSONBytes.skipSpace(body, from: 0)
    guard index < body.count, body[index] == UInt8(ascii: "{") else { return }
    index += 1
    while true {
      index = JSONBytes.skipSpace(body, from: index)
      guard index < body.count else { return }
      if body[index] == UInt8(ascii: ",") {
        index = JSONBytes.skipSpace(body, from: index + 1)
      }
      guard index < body.count, body[index] == JSONBytes.quote, let keyEnd = endOfString(body, from: index) else {
        return
      }
      let key = UnsafeRawBufferPointer(rebasing: body[index + 1..<keyEnd - 1])
      index = JSONBytes.skipSpace(body, from: keyEnd)
      guard index < body.count, body[index] == UInt8(ascii: ":") else { return }
      let start = JSONBytes.skipSpace(body, from: index + 1)
      guard start < body.count, let end = endOfValue(body, from: start), end > start else { return }
      visit(key, start..<end)
      index = end
    }
  }

  /// Whether a key, given as it stands between its quotes, says `word`, a word of letters that have no short escape and
  /// of underscores.
  @inline(__always)
  static func key(_ key: UnsafeRawBufferPointer, spells word: StaticString) -> Bool {
    guard key.contains(JSONBytes.backslash) else { return key.equals(word) }
    return escapedKey(key, spells: word)
  }

  private static func escapedKey(_ key: UnsafeRawBufferPointer, spells word: StaticString) -> Bool {
    var index = 0
    for offset in 0..<word.utf8CodeUnitCount {
      guard index < key.count else { return false }
      if key[index] != JSONBytes.backslash {
        guard key[index] == word.utf8Start[offset] else { return false }
        index += 1
      } else {
        guard index + 6 <= key.count, key[index + 1] == UInt8(ascii: "u") else { return false }
        let digits = String(decoding: key[index + 2..<index + 6], as: UTF8.self)
        guard let unit = UInt16(digits, radix: 16), unit == UInt16(word.utf8Start[offset]) else { return false }
        index += 6
      }
    }
    return index == key.count
  }

  /// The position after the string whose opening quote is at `start`.
  private static func endOfString(_ body: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var isEscaped = false
    return JSONBytes.indexOfClosingQuote(body, from: start + 1, isEscaped: &isEscaped).map { $0 + 1 }
  }

  private static func endOfValue(_ body: UnsafeRawBufferPointer, from start: Int) -> Int? {
    switch body[start] {
    case JSONBytes.quote: return endOfString(body, from: start)
    case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfContainer(body, from: start)
    default: break
    }
    var index = start
    while index < body.count, !JSONBytes.isSpace(body[index]) {
      switch body[index] {
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), JSONBytes.quote: return index
      default: index += 1
      }
    }
    return index
  }

  private static func endOfContainer(_ body: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var depth = 0
    var index = start
    while true {
      index = JSONBytes.indexOfStructure(body, from: index)
      guard index < body.count else { return nil }
      switch body[index] {
      case JSONBytes.quote:
        guard let end = endOfString(body, from: index) else { return nil }
        index = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      default: depth -= 1
      }
      index += 1
      if depth == 0 { return index }
    }
  }
}
