#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A growable run of bytes that can be handed over instead of copied.
///
/// At least ``padding`` readable bytes follow the content, as vectorised parsers need. Not thread-safe: a block belongs
/// to one event loop at a time.
public final class ByteBlock {
  /// Readable bytes after the content.
  public static let padding = 64

  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  /// Number of bytes of content.
  public private(set) var count = 0

  /// Creates an empty block; memory is taken at the first append.
  public init() {}

  deinit {
    free(base)
  }

  /// Memory the block holds, in bytes.
  public var footprint: Int { base == nil ? 0 : capacity + Self.padding }

  /// The content, valid until the next change of the block.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Makes room for `total` bytes of content without changing the content.
  public func reserve(_ total: Int) {
    guard total > capacity else { return }
    let wanted = max(total, min(capacity * 2, capacity + (16 << 20)), 256)
    guard let grown = realloc(base, wanted + Self.padding) else {
      // Caps bound every block far below what an allocator refuses.
      preconditionFailure("out of memory for \(wanted) bytes")
    }
    base = grown
    capacity = wanted
  }

  /// Appends a copy of the bytes.
  @inline(__always)
  public func append(_ other: UnsafeRawBufferPointer) {
    guard let source = other.baseAddress, other.count > 0 else { return }
    appendUninitialized(other.count).copyMemory(from: source, byteCount: other.count)
  }

  /// Appends one byte.
  @inline(__always)
  public func append(_ byte: UInt8) {
    appendUninitialized(1).storeBytes(of: byte, as: UInt8.self)
  }

  /// Extends the content by `length` bytes that the caller fills at once through the returned pointer.
  @inline(__always)
  public func appendUninitialized(_ length: Int) -> UnsafeMutableRawPointer {
    if count + length > capacity || base == nil { reserve(count + length) }
    guard let base else { preconditionFailure("reserve took memory") }
    let start = base + count
    count += length
    return start
  }

  /// Changes bytes that are already there.
  public func withMutableBytes(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    body(UnsafeMutableRawBufferPointer(start: base, count: count))
  }

  /// Forgets content after the first `newCount` bytes.
  public func truncate(to newCount: Int) {
    count = min(count, newCount)
  }

  /// Forgets the content and keeps the memory, unless it is larger than `limit` bytes.
  public func removeAll(keepingUpTo limit: Int = 64 << 10) {
    count = 0
    guard capacity > limit else { return }
    free(base)
    base = nil
    capacity = 0
  }
}
