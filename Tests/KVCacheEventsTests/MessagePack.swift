/// Writes the MessagePack that tests need.
indirect enum MessagePack {
  case null
  case integer(UInt64)
  case negative(Int64)
  case float(Double)
  case text(String)
  case binary([UInt8])
  case array([MessagePack])
  case map([(String, MessagePack)])

  /// The value in the widest form of its kind, unless it is a small one.
  var bytes: [UInt8] {
    switch self {
    case .null: [0xC0]
    case .integer(let value): value < 128 ? [UInt8(value)] : [0xCF] + Self.bigEndian(value, 8)
    case .negative(let value): [0xD3] + Self.bigEndian(UInt64(bitPattern: value), 8)
    case .float(let value): [0xCB] + Self.bigEndian(value.bitPattern, 8)
    case .text(let text): [0xDB] + Self.bigEndian(UInt64(text.utf8.count), 4) + Array(text.utf8)
    case .binary(let bytes): [0xC6] + Self.bigEndian(UInt64(bytes.count), 4) + bytes
    case .array(let values): [0xDD] + Self.bigEndian(UInt64(values.count), 4) + values.flatMap(\.bytes)
    case .map(let pairs):
      [0xDF] + Self.bigEndian(UInt64(pairs.count), 4)
        + pairs.flatMap { MessagePack.text($0.0).bytes + $0.1.bytes }
    }
  }

  private static func bigEndian(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}
