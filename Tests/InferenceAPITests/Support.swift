import InferenceAPI

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x9E37_79B9_7F4A_7C15
  }
}

extension RequestError {
  static func bad(_ message: String) -> RequestError {
    RequestError(code: .badRequest, message: message)
  }
}

/// Token ids as the words that prompts are made of.
func words(_ ids: [UInt32]) -> [UInt8] {
  ids.flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } }
}

/// Writes protobuf messages.
struct Protobuf {
  var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  func number(_ field: UInt64, _ value: UInt64) -> Protobuf {
    var copy = self
    copy.varint(field << 3)
    copy.varint(value)
    return copy
  }

  func bytes(_ field: UInt64, _ value: [UInt8]) -> Protobuf {
    var copy = self
    copy.varint(field << 3 | 2)
    copy.varint(UInt64(value.count))
    copy.bytes += value
    return copy
  }

  func text(_ field: UInt64, _ value: String) -> Protobuf { bytes(field, Array(value.utf8)) }

  func message(_ field: UInt64, _ value: Protobuf) -> Protobuf { bytes(field, value.bytes) }

  /// A packed list.
  func packed(_ field: UInt64, _ values: [UInt64]) -> Protobuf {
    var list = Protobuf()
    for value in values { list.varint(value) }
    return bytes(field, list.bytes)
  }

  func fixed32(_ field: UInt64) -> Protobuf {
    var copy = self
    copy.varint(field << 3 | 5)
    copy.bytes += [1, 2, 3, 4]
    return copy
  }

  func fixed64(_ field: UInt64) -> Protobuf {
    var copy = self
    copy.varint(field << 3 | 1)
    copy.bytes += [1, 2, 3, 4, 5, 6, 7, 8]
    return copy
  }

  /// The message as a gRPC frame.
  func frame(isCompressed: Bool = false) -> [UInt8] {
    let length = bytes.count
    return [isCompressed ? 1 : 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + bytes
  }
}

/// Cuts bytes at random places, empty pieces included.
func pieces(_ bytes: [UInt8], count: Int, _ random: inout SeededGenerator) -> [ArraySlice<UInt8>] {
  let cuts = (1..<max(1, count)).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
  return zip([0] + cuts, cuts + [bytes.count]).map { bytes[$0..<$1] }
}
