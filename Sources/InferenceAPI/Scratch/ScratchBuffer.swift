/// A growable buffer of trivial values that keeps its memory from one request to the next and whose address can be
/// handed out until the next append or reset.
struct ScratchBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var storage: UnsafeMutableBufferPointer<Element>
  private(set) var count = 0
  private let initialCapacity: Int

  init(capacity: Int) {
    initialCapacity = max(1, capacity)
    storage = .allocate(capacity: initialCapacity)
  }

  deinit {
    storage.deallocate()
  }

  var elements: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(rebasing: storage[..<count])
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == storage.count { grow() }
    storage.initializeElement(at: count, to: element)
    count += 1
  }

  /// Forgets the elements; memory beyond `keepingCapacity` elements goes back to the allocator.
  mutating func reset(keepingCapacity limit: Int) {
    count = 0
    guard storage.count > max(limit, initialCapacity) else { return }
    storage.deallocate()
    storage = .allocate(capacity: initialCapacity)
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: storage.count * 2)
    _ = larger.initialize(fromContentsOf: storage)
    storage.deallocate()
    storage = larger
  }
}
