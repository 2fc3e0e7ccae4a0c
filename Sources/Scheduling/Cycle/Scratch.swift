/// Memory for the arrays of one scheduling cycle: taken by moving a pointer, given back all at once.
struct Scratch: ~Copyable {
  private static let minimumChunk = 256 << 10
  private var chunks: [UnsafeMutableRawBufferPointer] = []
  private var current = 0
  private var used = 0

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  mutating func reset() {
    current = 0
    used = 0
  }

  /// Room for `count` values, uninitialised.
  mutating func take<Value: BitwiseCopyable>(_ count: Int, of type: Value.Type) -> UnsafeMutablePointer<Value> {
    let size = (count * MemoryLayout<Value>.stride + 63) & ~63
    while true {
      if current < chunks.count {
        let chunk = chunks[current]
        if chunk.count - used >= size, let base = chunk.baseAddress {
          defer { used += size }
          return (base + used).bindMemory(to: Value.self, capacity: count)
        }
        current += 1
        used = 0
      } else {
        chunks.append(.allocate(byteCount: max(size, Self.minimumChunk), alignment: 64))
      }
    }
  }
}
