import CEnvoyProtos

/// Memory for the protobuf-c messages of one callback. One for each event loop; reset after every message.
public final class Arena {
  private let raw: OpaquePointer

  /// Creates an arena with a first chunk of 16 KiB.
  public init() {
    guard let raw = epp_arena_create(16 << 10) else { preconditionFailure("out of memory") }
    self.raw = raw
  }

  deinit {
    epp_arena_destroy(raw)
  }

  /// The allocator to pass to protobuf-c.
  var allocator: UnsafeMutablePointer<ProtobufCAllocator> { epp_arena_allocator(raw) }

  /// Forgets every message unpacked so far.
  public func reset() { epp_arena_reset(raw) }
}

extension Arena {
  /// A copy of the text's bytes.
  func copy(_ text: String) -> UnsafeBufferPointer<UInt8> {
    var text = text
    return text.withUTF8 { bytes in
      guard let source = bytes.baseAddress, let target = epp_arena_alloc(raw, bytes.count) else {
        return UnsafeBufferPointer(start: nil, count: 0)
      }
      target.copyMemory(from: source, byteCount: bytes.count)
      return UnsafeBufferPointer(start: target.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    }
  }

  /// A copy of the text with a NUL after it.
  func copyTerminated(_ text: String) -> UnsafePointer<CChar> {
    let copy = copy(text + "\0")
    return UnsafeRawPointer(copy.baseAddress ?? Self.emptyText.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static let emptyText: StaticString = "\0"

  /// The packed answer, empty when memory is short.
  func pack(_ answer: inout epp_answer) -> [UInt8] {
    var length = 0
    guard let bytes = epp_answer_pack(&answer, raw, &length) else { return [] }
    return Array(UnsafeBufferPointer(start: bytes, count: length))
  }
}
