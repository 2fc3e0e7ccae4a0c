import Synchronization

/// Which endpoints hold which prompt blocks, as far as the picks made here tell.
///
/// Every endpoint, named by its slot, has a least-recently-used set of block hashes. **Each set is closed under
/// prefixes**: with a block it holds all blocks before it in the chain. An insert makes a chain's blocks recent from
/// the deepest to the first, so a block never is more recent than its predecessor; eviction takes the least recent
/// block, hence the ends of chains first; and of a chain longer than the room only the beginning is inserted.
///
/// Therefore an endpoint's match is the longest contiguous prefix it holds, and the endpoints that hold block i + 1
/// are among those that hold block i. A lookup finds the depths at which endpoints drop out by galloping and bisection:
/// O(log blocks) probes for each distinct depth, whatever the number of endpoints.
///
/// Memory: an entry, a (block, endpoint) pair, takes a 16-byte node; a block takes 21 to 43 bytes of table (16 bytes at
/// a load between 3/8 and 3/4), up to 64 while parts of two sizes live side by side; a block with more than one endpoint
/// 6.4 to 32 bytes more an entry. Memory is used again but not given back.
///
/// Thread-safe: a lock is held for the time of one call at most, tens of microseconds for long chains.
public final class PrefixIndex: Sendable {
  /// Slots are `0..<maximumSlots`.
  public static let maximumSlots = 65_535
  /// Blocks an endpoint is taken to hold when nothing better is known.
  public static let defaultCapacity = 31_250
  /// Entries of all endpoints together when nothing else is asked for: room for 1,000 endpoints with 1 million tokens
  /// each in blocks of 64.
  public static let defaultMaximumEntries = 16_000_000
  /// Entries of one removal step, between which other callers get their turn.
  private static let removalBatch = 1_024

  private let storage: Mutex<PrefixStorage>

  /// - Parameter maximumEntries: The cap on entries of all endpoints together, 1 to 2³⁰. At the cap an endpoint's new
  ///   blocks replace its own oldest.
  public init(maximumEntries: Int = PrefixIndex.defaultMaximumEntries) {
    storage = Mutex(PrefixStorage(maximumEntries: min(max(1, maximumEntries), 1 << 30)))
  }

  /// Adds to `matches`, for every endpoint that holds blocks of this chain, their number. Recency doesn't change.
  ///
  /// To be called once for each prompt of a request, after `matches.reset(slotCount:)`.
  public func addLongestMatches(of hashes: UnsafeBufferPointer<UInt64>, to matches: PrefixMatches) {
    storage.withLock { $0.addMatches(of: hashes, to: matches) }
  }

  /// Notes that the endpoint at `slot` now holds the blocks of this chain, and which are its most recent.
  ///
  /// - Parameters:
  ///   - hashes: A chain of block hashes from its first block on. If it is longer than the endpoint's room, its end is
  ///     left out.
  ///   - slot: The endpoint, `0..<maximumSlots`; others are ignored.
  ///   - capacity: Blocks the endpoint can hold; a smaller one than before evicts.
  /// - Returns: how many of the chain's leading blocks the endpoint held before.
  @discardableResult
  public func insert(
    _ hashes: UnsafeBufferPointer<UInt64>, slot: UInt32, capacity: Int = PrefixIndex.defaultCapacity
  ) -> Int {
    guard slot < Self.maximumSlots else { return 0 }
    return storage.withLock { $0.insert(hashes, slot: Int(slot), capacity: capacity) }
  }

  /// Forgets that the endpoint at `slot` holds the blocks of this chain, but for the first `kept`.
  ///
  /// For a chain that turned out to have gone elsewhere. Where a longer chain with the same beginning was inserted
  /// since, its end stays behind without its beginning: the endpoint may then be taken to hold a little more than it
  /// does, until that end is evicted, removed likewise or inserted again.
  public func remove(_ hashes: UnsafeBufferPointer<UInt64>, keeping kept: Int, slot: UInt32) {
    guard slot < Self.maximumSlots, kept < hashes.count else { return }
    storage.withLock { $0.remove(hashes, keeping: max(0, kept), slot: Int(slot)) }
  }

  /// Forgets all blocks that the endpoint at `slot` holds now, in steps between which other callers get their turn.
  public func removeEndpoint(_ slot: UInt32) {
    guard slot < Self.maximumSlots else { return }
    var rest = storage.withLock { $0.entryCount(of: Int(slot)) }
    while rest > 0 {
      let batch = min(rest, Self.removalBatch)
      let removed = storage.withLock { $0.evict(batch, from: Int(slot)) }
      if removed < batch { return }
      rest -= removed
    }
  }

  /// Entries, (block, endpoint) pairs, of all endpoints.
  public var entryCount: Int {
    storage.withLock { $0.entryCount }
  }

  /// Entries of one endpoint.
  public func entryCount(of slot: UInt32) -> Int {
    storage.withLock { $0.entryCount(of: Int(slot)) }
  }

  /// Bytes of memory in use for entries, free space within included.
  public var memoryBytes: Int {
    storage.withLock { $0.memoryBytes }
  }
}
