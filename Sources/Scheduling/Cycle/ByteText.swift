extension UnsafeRawBufferPointer {
  /// Whether the bytes are those of a text.
  func equals(_ text: String) -> Bool {
    guard text.utf8.count == count else { return false }
    return text.utf8.elementsEqual(self)
  }

  /// The bytes without blanks at both ends.
  var trimmed: UnsafeRawBufferPointer {
    var start = 0
    var end = count
    while start < end, Self.isBlank(self[start]) { start += 1 }
    while end > start, Self.isBlank(self[end - 1]) { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
