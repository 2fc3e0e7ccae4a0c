/// Bytes of the exposition format.
enum Ascii {
  /// Whether the byte separates tokens of a line.
  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  /// Whether the bytes from `start` up to `end` are the word.
  static func spells(_ word: StaticString, _ line: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end - start == word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount where line[start + index] != word.utf8Start[index] { return false }
    return true
  }
}
