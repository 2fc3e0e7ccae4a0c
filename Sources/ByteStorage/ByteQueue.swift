/// Outgoing bytes of one stream, in order: small pieces are copied, large ones stay in the blocks they arrived in.
///
/// Warm queues do not allocate. A class, because a structure inside of a stream object would pay a run-time exclusivity
/// check for each call. Not thread-safe.
public final class ByteQueue {
  private struct Segment {
    /// nil for bytes in `copied`.
    var block: ByteBlock?
    var offset: Int
    var length: Int
  }

  private let copied = ByteBlock()
  private var segments: [Segment] = []
  private var first = 0
  /// Bytes waiting.
  public private(set) var count = 0

  /// Creates an empty queue.
  public init() {}

  /// Appends a copy of the bytes.
  @inline(__always)
  public func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    appendUninitialized(bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }

  /// Appends `length` bytes that the caller fills at once through the returned pointer.
  @inline(__always)
  public func appendUninitialized(_ length: Int) -> UnsafeMutableRawPointer {
    let offset = copied.count
    let pointer = copied.appendUninitialized(length)
    let last = segments.count - 1
    if last >= first, segments[last].block == nil {
      segments[last].length += length
    } else {
      segments.append(Segment(block: nil, offset: offset, length: length))
    }
    count += length
    return pointer
  }

  /// Appends a part of a block without copying it. The block must not change until the bytes were taken.
  public func append(_ block: ByteBlock, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    segments.append(Segment(block: block, offset: range.lowerBound, length: range.count))
    count += range.count
  }

  /// Moves `length` bytes, at most ``count``, out of the queue.
  public func take(_ length: Int, into destination: UnsafeMutableRawPointer) {
    var destination = destination
    var remaining = min(length, count)
    count -= remaining
    while remaining > 0 {
      let segment = segments[first]
      let step = min(remaining, segment.length)
      let source = (segment.block ?? copied).bytes
      if let base = source.baseAddress {
        destination.copyMemory(from: base + segment.offset, byteCount: step)
      }
      destination += step
      remaining -= step
      if step == segment.length {
        segments[first].block = nil
        first += 1
      } else {
        segments[first].offset += step
        segments[first].length -= step
      }
    }
    if count == 0 { removeAll() }
  }

  /// Drops everything that waits.
  public func removeAll() {
    segments.removeAll(keepingCapacity: segments.capacity <= 64)
    first = 0
    count = 0
    copied.removeAll()
  }
}
