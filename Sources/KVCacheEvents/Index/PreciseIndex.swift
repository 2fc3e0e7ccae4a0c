/// What model servers tell of their caches, brought into the blocks that requests are looked up by.
///
/// Not safe for use from several threads: the owner makes calls one after the other. What comes of them is in
/// ``holders``, which any thread may look at. Endpoints are the owner's numbers, 0 or more. No call waits but for the
/// short lock of the holders. A block of a server takes about 200 bytes. (Precise prefix index.)
public final class PreciseIndex {
  /// What came of events that could not be applied.
  public struct Refusals: Equatable, Sendable {
    /// Blocks whose parent the server has not told of, so that their prefix is unknown.
    public var orphans = 0
    /// Blocks whose size neither divides the index's nor is a multiple of it.
    public var sizes = 0
    /// Blocks beyond the capacity.
    public var overflow = 0
  }

  /// Makes the keys of the blocks that servers tell of; requests have to use an equal one.
  public let hasher: BlockKeyHasher
  /// Blocks of all servers that are remembered at most.
  public let capacity: Int
  /// Who holds what.
  public let holders: BlockHolders
  /// What could not be applied so far.
  public private(set) var refusals = Refusals()
  /// Blocks of all servers that are remembered.
  public private(set) var count = 0

  private var servers: [Int: [UInt64: ServerBlock]] = [:]
  private var partialGroups: [Int: Set<UInt64>] = [:]
  private var changes: [HolderChange] = []
  /// Groups of an endpoint's layers that are remembered; servers have a handful.
  private static let maximumGroups = 64

  /// An index that knows of nothing.
  public init(hasher: BlockKeyHasher, capacity: Int = 100_000_000, holders: BlockHolders = BlockHolders()) {
    self.hasher = hasher
    self.capacity = max(0, capacity)
    self.holders = holders
  }

  /// Applies one event of an endpoint whose server serves `model`.
  public func apply(_ event: CacheEvent, endpoint: Int, model: String) {
    switch event {
    case .stored(let blocks): store(blocks, endpoint: endpoint, model: model)
    case .removed(let hashes, let tier, let group):
      if let group, partialGroups[endpoint]?.contains(group) == true { return }
      for hash in hashes { remove(hash, tier: tier, endpoint: endpoint) }
    case .storedPartially(let group):
      if let group, partialGroups[endpoint]?.count ?? 0 < Self.maximumGroups {
        partialGroups[endpoint, default: []].insert(group)
      }
    case .cleared: clear(endpoint: endpoint)
    }
    publish(atLeast: 1)
  }

  /// Forgets everything that an endpoint has told, as when it is gone or was started anew.
  public func clear(endpoint: Int) {
    partialGroups[endpoint] = nil
    guard let blocks = servers.removeValue(forKey: endpoint) else { return }
    count -= blocks.count
    for block in blocks.values {
      for tier in CacheTier.allCases where block.stored[tier] > 0 {
        block.forEachKey { change($0, endpoint: endpoint, tier: tier, by: -1, parts: 1) }
      }
      publish(atLeast: BlockHolders.slice)
    }
    publish(atLeast: 1)
  }

  /// Counts for each endpoint the blocks from the first on that it holds.
  public func match(_ keys: [UInt64], weights: TierWeights, now: UInt64, into matches: inout PreciseMatches) {
    matches.reset()
    _ = holders.match(keys[...], after: 0, weights: weights, now: now, into: &matches)
  }

  private func store(_ blocks: StoredBlocks, endpoint: Int, model: String) {
    let size = hasher.blockSize
    guard blocks.blockSize.isMultiple(of: size) || size.isMultiple(of: blocks.blockSize) else {
      refusals.sizes += blocks.hashes.count
      return
    }
    // Out of the dictionary, so that it is changed in place.
    var server = servers.removeValue(forKey: endpoint) ?? [:]
    defer { servers[endpoint] = server }
    var state: ServerBlock
    if let parent = blocks.parent {
      guard let known = server[parent] else {
        refusals.orphans += blocks.hashes.count
        return
      }
      state = known
    } else {
      state = ServerBlock(previous: hasher.root(model: blocks.adapter.isEmpty ? model : blocks.adapter))
    }
    for (index, hash) in blocks.hashes.enumerated() {
      if var known = server[hash] {
        known.stored[blocks.tier] += 1
        if known.stored[blocks.tier] == 1 {
          known.forEachKey { change($0, endpoint: endpoint, tier: blocks.tier, by: 1, parts: 1) }
        }
        server[hash] = known
        state = known
        continue
      }
      guard count < capacity else {
        refusals.overflow += blocks.hashes.count - index
        return
      }
      count += 1
      state = add(
        hash, after: state, tokens: blocks.tokens[index * blocks.blockSize..<(index + 1) * blocks.blockSize],
        extras: blocks.extras.isEmpty ? [] : blocks.extras[index], tier: blocks.tier, endpoint: endpoint, to: &server)
      publish(atLeast: BlockHolders.slice)
    }
  }

  /// Adds a block that the server has not told of, with the keys that it completes.
  private func add(
    _ hash: UInt64, after before: ServerBlock, tokens: ArraySlice<UInt32>, extras: [[UInt8]], tier: CacheTier,
    endpoint: Int, to server: inout [UInt64: ServerBlock]
  ) -> ServerBlock {
    let size = hasher.blockSize
    var block = ServerBlock(previous: before.previous)
    block.stored[tier] = 1
    if before.rest == nil, tokens.count == size {
      let key = hasher.key(after: before.previous, tokens: tokens, extras: extras)
      block.append(key)
      block.end(at: key, nil)
      change(key, endpoint: endpoint, tier: tier, by: 1, parts: 1)
      server[hash] = block
      return block
    }
    server[hash] = block
    let pending = (before.rest?.tokens ?? []) + tokens
    // Of a server's block that spans several of the index's, the first has the extras.
    var pendingExtras = (before.rest?.extras ?? []) + extras
    let parts = (before.rest?.blocks ?? []) + [hash]
    var previous = before.previous
    var used = 0
    while pending.count - used >= size {
      previous = hasher.key(after: previous, tokens: pending[used..<used + size], extras: pendingExtras)
      for part in parts {
        server[part]?.append(previous)
        for tier in CacheTier.allCases where server[part].map({ $0.stored[tier] > 0 }) ?? false {
          change(previous, endpoint: endpoint, tier: tier, by: 1, parts: parts.count)
        }
      }
      used += size
      pendingExtras = []
    }
    // Sizes divide each other, so that nothing is left over when a block of the index is complete.
    let rest = used > 0 ? nil : ServerBlock.Rest(tokens: pending, extras: pendingExtras, blocks: parts)
    server[hash]?.end(at: previous, rest)
    return server[hash] ?? block
  }

  private func remove(_ hash: UInt64, tier: CacheTier, endpoint: Int) {
    guard var block = servers[endpoint]?[hash], block.stored[tier] > 0 else { return }
    block.stored[tier] -= 1
    if block.stored[tier] == 0 {
      block.forEachKey { change($0, endpoint: endpoint, tier: tier, by: -1, parts: 1) }
      publish(atLeast: BlockHolders.slice)
    }
    guard block.stored.isEmpty else {
      servers[endpoint]?[hash] = block
      return
    }
    servers[endpoint]?[hash] = nil
    count -= 1
  }

  private func change(_ key: UInt64, endpoint: Int, tier: CacheTier, by difference: Int32, parts: Int) {
    changes.append(
      HolderChange(
        key: key, endpoint: Int32(clamping: endpoint), difference: difference, parts: Int32(clamping: parts),
        tier: tier))
  }

  /// Shows requests what has changed once there is enough of it.
  private func publish(atLeast count: Int) {
    guard changes.count >= count else { return }
    holders.apply(changes)
    changes.removeAll(keepingCapacity: changes.count <= 2 * BlockHolders.slice)
  }
}
