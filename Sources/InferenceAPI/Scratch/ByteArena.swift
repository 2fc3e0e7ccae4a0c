import CAccelerate

/// A bump allocator for bytes derived from a request. What it hands out stays put until `reset`.
struct ByteArena: ~Copyable {
  private var chunk: UnsafeMutableRawBufferPointer
  private var used = 0
  /// Full chunks of this request; each is smaller than the one after it.
  private var retired: [UnsafeMutableRawBufferPointer] = []
  private let initialCapacity: Int

  init(capacity: Int) {
    initialCapacity = max(64, capacity)
    chunk = .allocate(byteCount: initialCapacity, alignment: 16)
  }

  deinit {
    chunk.deallocate()
    for chunk in retired { chunk.deallocate() }
  }

  /// Uninitialized bytes.
  mutating func allocate(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    if byteCount > chunk.count - used { addChunk(atLeast: byteCount) }
    defer { used += byteCount }
    return UnsafeMutableRawBufferPointer(rebasing: chunk[used..<used + byteCount])
  }

  /// The minified JSON of `value`.
  mutating func minify(_ value: JSONValue) -> UnsafeRawBufferPointer {
    let room = chunk.count - used
    let target = chunk.baseAddress?.advanced(by: used)
    let length = epp_json_minify(value.raw, target?.assumingMemoryBound(to: UInt8.self), room)
    if length <= room { return UnsafeRawBufferPointer(allocate(length)) }
    let bytes = allocate(length)
    _ = epp_json_minify(value.raw, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length)
    return UnsafeRawBufferPointer(bytes)
  }

  /// Takes back the `byteCount` bytes allocated last.
  mutating func giveBack(_ byteCount: Int) {
    used -= min(used, byteCount)
  }

  /// Forgets everything handed out; memory beyond `keepingCapacity` bytes goes back to the allocator.
  mutating func reset(keepingCapacity limit: Int) {
    used = 0
    if !retired.isEmpty {
      for chunk in retired { chunk.deallocate() }
      retired.removeAll(keepingCapacity: true)
    }
    if chunk.count > max(limit, initialCapacity) {
      chunk.deallocate()
      chunk = .allocate(byteCount: initialCapacity, alignment: 16)
    }
  }

  @inline(never)
  private mutating func addChunk(atLeast byteCount: Int) {
    retired.append(chunk)
    chunk = .allocate(byteCount: max(chunk.count * 2, byteCount), alignment: 16)
    used = 0
  }
}
