/// The frames in a stream of HTTP/2 bytes, without the client's preface.
struct FrameLog {
  struct Frame: Equatable {
    enum Kind: UInt8 {
      case data = 0
      case headers = 1
      case resetStream = 3
      case settings = 4
      case goAway = 7
      case windowUpdate = 8
    }

    var kind: Kind?
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    var endsStream: Bool { flags & 1 != 0 && (kind == .data || kind == .headers) }

    /// The error code of RST_STREAM and GOAWAY frames.
    var errorCode: UInt32? {
      switch kind {
      case .resetStream where payload.count == 4: FrameLog.number(payload[...])
      case .goAway where payload.count >= 8: FrameLog.number(payload[4..<8])
      default: nil
      }
    }
  }

  private(set) var frames: [Frame] = []
  private var rest: [UInt8] = []
  private var preface: Int

  /// - Parameter hasPreface: whether the bytes are a client's.
  init(hasPreface: Bool) {
    preface = hasPreface ? 24 : 0
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    rest.append(contentsOf: bytes)
    if preface > 0 {
      let skipped = min(preface, rest.count)
      rest.removeFirst(skipped)
      preface -= skipped
    }
    var start = 0
    while rest.count - start >= 9 {
      let length = Int(rest[start]) << 16 | Int(rest[start + 1]) << 8 | Int(rest[start + 2])
      guard rest.count - start >= 9 + length else { break }
      let kind = Frame.Kind(rawValue: rest[start + 3])
      frames.append(
        Frame(
          kind: kind, flags: rest[start + 4], stream: Self.number(rest[(start + 5)..<(start + 9)]) & 0x7FFF_FFFF,
          payload: kind == .data ? [] : Array(rest[(start + 9)..<(start + 9 + length)])))
      start += 9 + length
    }
    rest.removeFirst(start)
  }

  fileprivate static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }
}
