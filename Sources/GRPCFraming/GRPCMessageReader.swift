import ByteStorage

/// Cuts the bytes of a stream into gRPC messages, however the peer split or joined them.
///
/// A message that lies whole in the bytes at hand is passed on where it is; others are assembled in a block that the
/// caller may take over. Pure: no I/O. A class for the same reason as `ByteQueue`.
public final class GRPCMessageReader {
  /// What the bytes at hand led to.
  public enum Event {
    /// All bytes were used; more are needed.
    case needsBytes
    /// A message, valid until the reader is used again.
    case message(UnsafeRawBufferPointer)
    /// A message announces more bytes than allowed.
    case tooLarge(announced: Int)
    /// A message is compressed, which was not negotiated.
    case compressed
  }

  private var prefix: (UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0)
  private var prefixBytes = 0
  private var missing = 0
  private var isAssembling = false
  private var lastMessageHasBlock = false
  private var block: ByteBlock?

  /// Creates a reader at the start of a stream.
  public init() {}

  /// Whether a message has begun and is not complete.
  public var isInsideMessage: Bool { isAssembling || prefixBytes > 0 }

  /// Memory held for a message that is being assembled.
  public var footprint: Int { block?.footprint ?? 0 }

  /// Looks for the next message.
  ///
  /// Call again with the rest of the bytes until it answers ``Event/needsBytes``.
  public func next(in bytes: inout UnsafeRawBufferPointer, maxMessageBytes: Int) -> Event {
    if isAssembling { return assemble(&bytes) }
    if !isPrefixComplete(&bytes) { return .needsBytes }
    prefixBytes = 0
    guard prefix.0 == 0 else { return .compressed }
    let length = Int(prefix.1) << 24 | Int(prefix.2) << 16 | Int(prefix.3) << 8 | Int(prefix.4)
    guard length <= maxMessageBytes else { return .tooLarge(announced: length) }
    if bytes.count >= length {
      let message = UnsafeRawBufferPointer(rebasing: bytes[..<length])
      bytes = UnsafeRawBufferPointer(rebasing: bytes[length...])
      lastMessageHasBlock = false
      return .message(message)
    }
    isAssembling = true
    missing = length
    let block = self.block ?? ByteBlock()
    block.removeAll()
    // An announced length costs its sender nothing, so memory follows what really arrives.
    block.reserve(min(length, max(64 << 10, bytes.count)))
    self.block = block
    return assemble(&bytes)
  }

  /// Takes over the block behind the last message, if it was assembled in one.
  public func takeBlock() -> ByteBlock? {
    guard lastMessageHasBlock else { return nil }
    lastMessageHasBlock = false
    defer { block = nil }
    return block
  }

  /// Forgets everything, for use with another stream.
  public func reset() {
    prefixBytes = 0
    missing = 0
    isAssembling = false
    lastMessageHasBlock = false
    block?.removeAll()
  }

  private func isPrefixComplete(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
    if prefixBytes == 0, bytes.count >= 5 {
      prefix = (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4])
      bytes = UnsafeRawBufferPointer(rebasing: bytes[5...])
      return true
    }
    while prefixBytes < 5, let byte = bytes.first {
      switch prefixBytes {
      case 0: prefix.0 = byte
      case 1: prefix.1 = byte
      case 2: prefix.2 = byte
      case 3: prefix.3 = byte
      default: prefix.4 = byte
      }
      prefixBytes += 1
      bytes = UnsafeRawBufferPointer(rebasing: bytes[1...])
    }
    return prefixBytes == 5
  }

  private func assemble(_ bytes: inout UnsafeRawBufferPointer) -> Event {
    guard let block else { return .needsBytes }
    let length = min(missing, bytes.count)
    block.append(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
    bytes = UnsafeRawBufferPointer(rebasing: bytes[length...])
    missing -= length
    guard missing == 0 else { return .needsBytes }
    isAssembling = false
    lastMessageHasBlock = true
    return .message(block.bytes)
  }
}
