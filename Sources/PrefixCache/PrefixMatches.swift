/// How many blocks of a request's prompts each endpoint holds, by endpoint slot.
///
/// One per event loop; not thread-safe. Memory is reused; resetting costs as much as there were matches.
public final class PrefixMatches {
  private var storage: UnsafeMutableBufferPointer<UInt32>
  private var touchedSlots: UnsafeMutableBufferPointer<UInt32>
  private var touchedCount = 0
  private var slotCount = 0

  /// Empty, with room for no slot.
  public init() {
    storage = .allocate(capacity: 64)
    storage.initialize(repeating: 0)
    touchedSlots = .allocate(capacity: 64)
  }

  deinit {
    storage.deallocate()
    touchedSlots.deallocate()
  }

  /// Matched blocks by slot, `0..<slotCount` of the last `reset`.
  public var counts: UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(rebasing: storage[..<slotCount])
  }

  /// The slots whose count isn't 0, each once, in no order.
  public var touched: UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(rebasing: touchedSlots[..<touchedCount])
  }

  /// Sets all counts to 0 and makes room for the slots `0..<slotCount`; matches of other slots will be left out.
  public func reset(slotCount: Int) {
    for slot in touchedSlots[..<touchedCount] { storage[Int(slot)] = 0 }
    touchedCount = 0
    self.slotCount = min(max(0, slotCount), PrefixIndex.maximumSlots)
    if storage.count < self.slotCount { grow() }
  }

  @inline(__always)
  func add(_ blocks: UInt32, to slot: UInt32) {
    guard blocks > 0, slot < slotCount else { return }
    if storage[Int(slot)] == 0 {
      touchedSlots[touchedCount] = slot
      touchedCount += 1
    }
    storage[Int(slot)] &+= blocks
  }

  private func grow() {
    let capacity = max(slotCount, storage.count * 2)
    storage.deallocate()
    touchedSlots.deallocate()
    storage = .allocate(capacity: capacity)
    storage.initialize(repeating: 0)
    touchedSlots = .allocate(capacity: capacity)
  }
}
