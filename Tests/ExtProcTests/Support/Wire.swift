/// Writes protobuf fields by hand, also ones no schema has.
enum Wire {
  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var result: [UInt8] = []
    while rest >= 0x80 {
      result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return result + [UInt8(rest)]
  }

  static func key(_ tag: Int, _ type: UInt64) -> [UInt8] { varint(UInt64(tag) << 3 | type) }

  static func field(_ tag: Int, _ value: UInt64) -> [UInt8] { key(tag, 0) + varint(value) }

  static func field(_ tag: Int, _ bytes: [UInt8]) -> [UInt8] { key(tag, 2) + varint(UInt64(bytes.count)) + bytes }

  static func field(_ tag: Int, _ text: String) -> [UInt8] { field(tag, Array(text.utf8)) }

  /// Fields of numbers no message here has, one of every wire type that is in use.
  static let unknownFields =
    field(900, 7) + field(901, "unknown") + key(902, 1) + Array(repeating: 1, count: 8) + key(903, 5) + [1, 2, 3, 4]
}
