/// Finds where a request body names its model, so that the name can be replaced without touching another byte.
package enum ModelFieldLocator {
  /// The range of the value of the top-level member `model` of a JSON object, a string's quotes included. Of several,
  /// the last one's, as that is the one servers go by. Nil if there is none.
  ///
  /// One pass over the body, several bytes at a time inside strings and nested values. Meant for bodies that a parser
  /// has accepted; of others it finds some range inside the body or none.
  package static func valueRange(in body: UnsafeRawBufferPointer) -> Range<Int>? {
    var index = JSONBytes.skipSpace(body, from: 0)
    guard index < body.count, body[index] == UInt8(ascii: "{") else { return nil }
    index += 1
    var range: Range<Int>?
    while true {
      index = JSONBytes.skipSpace(body, from: index)
      guard index < body.count else { return range }
      if body[index] == UInt8(ascii: ",") {
        index = JSONBytes.skipSpace(body, from: index + 1)
      }
      guard index < body.count, body[index] == JSONBytes.quote, let keyEnd = endOfString(body, from: index) else {
        return range
      }
      let isModel = self.isModel(UnsafeRawBufferPointer(rebasing: body[index + 1..<keyEnd - 1]))
      index = JSONBytes.skipSpace(body, from: keyEnd)
      guard index < body.count, body[index] == UInt8(ascii: ":") else { return range }
      let start = JSONBytes.skipSpace(body, from: index + 1)
      guard start < body.count, let end = endOfValue(body, from: start), end > start else { return range }
      if isModel { range = start..<end }
      index = end
    }
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

  /// Whether a key, given as it stands between its quotes, says `model`.
  private static func isModel(_ key: UnsafeRawBufferPointer) -> Bool {
    guard key.contains(JSONBytes.backslash) else { return key.equals("model") }
    let model: StaticString = "model"
    var index = 0
    for offset in 0..<model.utf8CodeUnitCount {
      guard index < key.count else { return false }
      if key[index] != JSONBytes.backslash {
        guard key[index] == model.utf8Start[offset] else { return false }
        index += 1
      } else {
        // None of the letters has a short escape.
        guard index + 6 <= key.count, key[index + 1] == UInt8(ascii: "u") else { return false }
        let digits = String(decoding: key[index + 2..<index + 6], as: UTF8.self)
        guard let unit = UInt16(digits, radix: 16), unit == UInt16(model.utf8Start[offset]) else { return false }
        index += 6
      }
    }
    return index == key.count
  }
}
