/// Writes protobuf messages, for the few that are sent rarely enough to need no generated code.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  /// A field of whole numbers; 0 is what absence means.
  mutating func varint(_ field: UInt64, _ value: UInt64) {
    if value != 0 { explicitVarint(field, value) }
  }

  /// A field of whole numbers of which absence means something else than 0.
  mutating func explicitVarint(_ field: UInt64, _ value: UInt64) {
    append(varint: field << 3)
    append(varint: value)
  }

  /// A field of eight bytes.
  mutating func fixed64(_ field: UInt64, _ value: UInt64) {
    append(varint: field << 3 | 1)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A text, or nothing for an empty one.
  mutating func string(_ field: UInt64, _ text: String) {
    guard !text.isEmpty else { return }
    self.bytes(field, Array(text.utf8))
  }

  /// Bytes.
  mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
    append(varint: field << 3 | 2)
    append(varint: UInt64(value.count))
    bytes += value
  }

  /// A message in a field.
  mutating func message(_ field: UInt64, _ fill: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    fill(&inner)
    bytes(field, inner.bytes)
  }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
