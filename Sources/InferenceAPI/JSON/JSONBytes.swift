import CAccelerate

/// Steps over raw JSON text without parsing it. Positions are offsets into the bytes.
enum JSONBytes {
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")

  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// The position of the first byte at or after `start` that isn't white space, or the end.
  @inline(__always)
  static func skipSpace(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index < bytes.count, isSpace(bytes[index]) { index += 1 }
    return index
  }

  /// The position of the first quote, bracket or brace at or after `start`, or the end. Looks at 8 bytes at a time.
  static func indexOfStructure(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      // Bit 5 tells a bracket from a brace.
      let folded = word | 0x2020_2020_2020_2020
      let hits =
        marks(word, of: quote) | marks(folded, of: UInt8(ascii: "{")) | marks(folded, of: UInt8(ascii: "}"))
      if hits != 0 { return index + hits.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < bytes.count {
      let folded = bytes[index] | 0x20
      if bytes[index] == quote || folded == UInt8(ascii: "{") || folded == UInt8(ascii: "}") { return index }
      index += 1
    }
    return index
  }

  /// The top bit of the lowest byte of `word` that equals `byte`; bits above it may be wrong.
  @inline(__always)
  private static func marks(_ word: UInt64, of byte: UInt8) -> UInt64 {
    let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
  }

  /// The position of the quote that ends a string, of which the bytes from `start` on are read.
  ///
  /// - Parameter isEscaped: whether a backslash stands before the byte at `start`. If the string doesn't end here, it
  ///   tells the same of the byte that comes next.
  static func indexOfClosingQuote(
    _ bytes: UnsafeRawBufferPointer, from start: Int, isEscaped: inout Bool
  ) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var index = start
    while index < bytes.count {
      guard let found = memchr(base + index, Int32(quote), bytes.count - index) else { break }
      let position = UnsafeRawPointer(found) - base
      let wasEscaped = endsEscaping(bytes, from: index, to: position, isEscaped: isEscaped)
      isEscaped = false
      if !wasEscaped { return position }
      index = position + 1
    }
    if index < bytes.count { isEscaped = endsEscaping(bytes, from: index, to: bytes.count, isEscaped: isEscaped) }
    return nil
  }

  /// Whether the byte at `end` is escaped, given whether that at `start` is.
  @inline(__always)
  private static func endsEscaping(
    _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, isEscaped: Bool
  ) -> Bool {
    var index = end
    while index > start, bytes[index - 1] == backslash { index -= 1 }
    let run = end - index + (index == start && isEscaped ? 1 : 0)
    return run % 2 == 1
  }

  /// Whether `needle` occurs.
  @inline(__always)
  static func contains(_ bytes: UnsafeRawBufferPointer, _ needle: StaticString) -> Bool {
    index(of: needle, in: bytes, from: 0) != nil
  }

  /// The position of the first occurrence of `needle` at or after `start`.
  @inline(__always)
  static func index(of needle: StaticString, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, start < bytes.count,
      let found = epp_find(base + start, bytes.count - start, needle.utf8Start, needle.utf8CodeUnitCount)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
