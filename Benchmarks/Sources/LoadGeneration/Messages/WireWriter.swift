/// Writes protobuf messages field by field.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ tag: Int, _ value: Int) {
    append(tag << 3)
    append(value)
  }

  mutating func field(_ tag: Int, _ content: some Collection<UInt8>) {
    head(tag, count: content.count)
    bytes.append(contentsOf: content)
  }

  mutating func field(_ tag: Int, _ text: String) { field(tag, text.utf8) }

  /// A message within the message.
  mutating func message(_ tag: Int, _ fill: (inout WireWriter) -> Void) {
    var inner = WireWriter()
    fill(&inner)
    field(tag, inner.bytes)
  }

  /// The beginning of a field of `count` bytes that follow.
  mutating func head(_ tag: Int, count: Int) {
    append(tag << 3 | 2)
    append(count)
  }

  private mutating func append(_ value: Int) {
    var rest = UInt64(value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
