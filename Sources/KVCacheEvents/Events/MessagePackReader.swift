/// Reads MessagePack values one after the other from bytes that nobody has checked.
///
/// Every length is compared with the bytes that are left before anything is allocated for it, and nested values are
/// skipped without recursion, so that no input costs more than its own size.
struct MessagePackReader {
  /// What is wrong with the bytes.
  enum Failure: Error, Equatable {
    /// The bytes end within a value, or a length exceeds what is left.
    case truncated
    /// A value of another kind stands where `expected` has to be.
    case unexpected(expected: String, marker: UInt8)
  }

  /// The kinds that callers tell apart.
  enum Kind {
    case null, boolean, integer, float, text, binary, array, map, `extension`, invalid
  }

  private let bytes: ArraySlice<UInt8>
  private var next: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    next = bytes.startIndex
  }

  /// Bytes that have not been read.
  var remaining: Int { bytes.endIndex - next }

  /// The kind of the next value, which stays unread; nil at the end.
  var kind: Kind? {
    guard next < bytes.endIndex else { return nil }
    return switch bytes[next] {
    case 0x00...0x7F, 0xE0...0xFF, 0xCC...0xD3: .integer
    case 0x80...0x8F, 0xDE, 0xDF: .map
    case 0x90...0x9F, 0xDC, 0xDD: .array
    case 0xA0...0xBF, 0xD9...0xDB: .text
    case 0xC0: .null
    case 0xC2, 0xC3: .boolean
    case 0xC4...0xC6: .binary
    case 0xCA, 0xCB: .float
    case 0xC7...0xC9, 0xD4...0xD8: .extension
    default: .invalid
    }
  }

  /// Reads nil if it is next; false leaves another value unread.
  mutating func skipNull() -> Bool {
    guard kind == .null else { return false }
    next += 1
    return true
  }

  /// The 64 bits of an integer; a negative one in two's complement.
  mutating func readInteger() throws(Failure) -> UInt64 {
    let marker = try readByte()
    switch marker {
    case 0x00...0x7F: return UInt64(marker)
    case 0xE0...0xFF: return UInt64(bitPattern: Int64(Int8(bitPattern: marker)))
    case 0xCC...0xCF: return try readBigEndian(1 << Int(marker - 0xCC))
    case 0xD0...0xD3:
      let width = 1 << Int(marker - 0xD0)
      let unused = 64 - 8 * width
      return UInt64(bitPattern: Int64(bitPattern: try readBigEndian(width) << UInt64(unused)) >> Int64(unused))
    default: throw .unexpected(expected: "integer", marker: marker)
    }
  }

  /// The bytes of a text or of a binary value.
  mutating func readBytes() throws(Failure) -> ArraySlice<UInt8> {
    let marker = try readByte()
    let length: UInt64 =
      switch marker {
      case 0xA0...0xBF: UInt64(marker & 0x1F)
      case 0xC4...0xC6: try readBigEndian(1 << Int(marker - 0xC4))
      case 0xD9...0xDB: try readBigEndian(1 << Int(marker - 0xD9))
      default: throw .unexpected(expected: "text or bytes", marker: marker)
      }
    return try take(length)
  }

  /// The count of an array, whose elements come next; at most `remaining`.
  mutating func readArrayCount() throws(Failure) -> Int {
    let marker = try readByte()
    let count: UInt64 =
      switch marker {
      case 0x90...0x9F: UInt64(marker & 0x0F)
      case 0xDC: try readBigEndian(2)
      case 0xDD: try readBigEndian(4)
      default: throw .unexpected(expected: "array", marker: marker)
      }
    guard count <= UInt64(remaining) else { throw .truncated }
    return Int(count)
  }

  /// The count of pairs of a map, whose keys and values come next in turn; at most half of `remaining`.
  mutating func readMapCount() throws(Failure) -> Int {
    let marker = try readByte()
    let count: UInt64 =
      switch marker {
      case 0x80...0x8F: UInt64(marker & 0x0F)
      case 0xDE: try readBigEndian(2)
      case 0xDF: try readBigEndian(4)
      default: throw .unexpected(expected: "map", marker: marker)
      }
    guard 2 * count <= UInt64(remaining) else { throw .truncated }
    return Int(count)
  }

  /// Passes over one value with everything in it.
  mutating func skip() throws(Failure) {
    var values = 1
    while values > 0 {
      values -= 1
      guard let kind else { throw .truncated }
      switch kind {
      case .null, .boolean: next += 1
      case .integer: _ = try readInteger()
      case .float: _ = try take(bytes[next] == 0xCA ? 5 : 9)
      case .text, .binary: _ = try readBytes()
      case .array: values += try readArrayCount()
      case .map: values += 2 * (try readMapCount())
      case .extension:
        let marker = try readByte()
        let length = marker >= 0xD4 ? 1 << UInt64(marker - 0xD4) : try readBigEndian(1 << Int(marker - 0xC7))
        _ = try take(length + 1)
      case .invalid: throw .unexpected(expected: "value", marker: bytes[next])
      }
      // Each value takes a byte at least, so that counts cannot add up to more than there is.
      guard values <= remaining else { throw .truncated }
    }
  }

  private mutating func readByte() throws(Failure) -> UInt8 {
    guard next < bytes.endIndex else { throw .truncated }
    defer { next += 1 }
    return bytes[next]
  }

  private mutating func readBigEndian(_ width: Int) throws(Failure) -> UInt64 {
    try take(UInt64(width)).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ length: UInt64) throws(Failure) -> ArraySlice<UInt8> {
    guard length <= UInt64(remaining) else { throw .truncated }
    defer { next += Int(length) }
    return bytes[next..<next + Int(length)]
  }
}
