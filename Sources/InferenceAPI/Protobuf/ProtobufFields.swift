/// Walks the fields of a protobuf message in order, without a copy.
struct ProtobufFields: Sequence, IteratorProtocol {
  /// The value of a field by its wire type.
  enum Value {
    case varint(UInt64)
    /// A string, bytes, message or packed list.
    case bytes(UnsafeRawBufferPointer)
    /// A number of 4 or 8 bytes, which nobody reads.
    case fixed
  }

  private var reader: ProtobufReader

  /// Whether the walk ended because the message is not well-formed.
  private(set) var isMalformed = false

  init(_ message: UnsafeRawBufferPointer) {
    reader = ProtobufReader(message)
  }

  mutating func next() -> (number: UInt64, value: Value)? {
    guard !isMalformed, !reader.isAtEnd else { return nil }
    guard let tag = reader.varint(), tag >> 3 > 0, let value = value(ofWireType: tag & 7) else {
      isMalformed = true
      return nil
    }
    return (tag >> 3, value)
  }

  private mutating func value(ofWireType type: UInt64) -> Value? {
    switch type {
    case 0: reader.varint().map { .varint($0) }
    case 1: reader.bytes(8).map { _ in .fixed }
    case 2: reader.varint().flatMap { reader.bytes($0) }.map { .bytes($0) }
    case 5: reader.bytes(4).map { _ in .fixed }
    default: nil
    }
  }
}

/// Reads the parts that protobuf messages are made of.
struct ProtobufReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { position == bytes.count }

  /// A base-128 number of at most 10 bytes.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// The next `count` bytes.
  mutating func bytes(_ count: UInt64) -> UnsafeRawBufferPointer? {
    guard count <= UInt64(bytes.count - position) else { return nil }
    let end = position + Int(count)
    defer { position = end }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
  }
}
