/// Walks the fields of a protobuf message in place.
///
/// For the messages that are too frequent or too large to be unpacked: bodies and header lists. Ends silently at the
/// first byte that cannot be part of a message and says so in ``isMalformed``.
struct WireReader {
  /// One field; `bytes` is empty unless it is length-delimited, `number` is 0 unless it is a varint.
  struct Field {
    var tag: Int
    var varint: UInt64
    var bytes: UnsafeRawBufferPointer
  }

  private var rest: UnsafeRawBufferPointer
  private(set) var isMalformed = false

  init(_ bytes: UnsafeRawBufferPointer) {
    rest = bytes
  }

  @inline(__always)
  mutating func next() -> Field? {
    guard !rest.isEmpty else { return nil }
    guard let key = varint() else { return fail() }
    let tag = Int(truncatingIfNeeded: key >> 3)
    guard tag > 0 else { return fail() }
    switch key & 7 {
    case 0:
      guard let value = varint() else { return fail() }
      return Field(tag: tag, varint: value, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
    case 2:
      guard let length = varint(), length <= UInt64(rest.count) else { return fail() }
      let end = Int(length)
      let bytes = UnsafeRawBufferPointer(rebasing: rest[..<end])
      rest = UnsafeRawBufferPointer(rebasing: rest[end...])
      return Field(tag: tag, varint: 0, bytes: bytes)
    case 1: return skip(8, tag)
    case 5: return skip(4, tag)
    default: return fail()
    }
  }

  private mutating func skip(_ length: Int, _ tag: Int) -> Field? {
    guard rest.count >= length else { return fail() }
    rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    return Field(tag: tag, varint: 0, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private mutating func fail() -> Field? {
    isMalformed = true
    rest = UnsafeRawBufferPointer(start: nil, count: 0)
    return nil
  }

  @inline(__always)
  private mutating func varint() -> UInt64? {
    guard let first = rest.first else { return nil }
    if first < 0x80 {
      rest = UnsafeRawBufferPointer(rebasing: rest[1...])
      return UInt64(first)
    }
    return longVarint()
  }

  private mutating func longVarint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    for index in 0..<min(10, rest.count) {
      let byte = rest[index]
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        rest = UnsafeRawBufferPointer(rebasing: rest[(index + 1)...])
        return value
      }
      shift += 7
    }
    return nil
  }
}
