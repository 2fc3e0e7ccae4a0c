/// Which endpoint holds which blocks, as the model servers tell it.
///
/// Not safe for use from several threads: the owner makes calls one after the other. Endpoints are the owner's numbers,
/// 0 or more. No call waits, and a lookup costs one table access a block plus the block's holders. (Precise prefix
/// index.)
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
  /// What could not be applied so far.
  public private(set) var refusals = Refusals()
  /// Blocks of all servers that are remembered.
  public private(set) var count = 0

  private var holders: [UInt64: [BlockHolder]] = [:]
  private var servers: [Int: [UInt64: ServerBlock]] = [:]
  private var partialGroups: [Int: Set<UInt64>] = [:]
  private var expected = ExpectedBlocks()

  /// An index that knows of nothing.
  public init(hasher: BlockKeyHasher, capacity: Int = 100_000_000) {
    self.hasher = hasher
    self.capacity = max(0, capacity)
  }

  /// Applies one event of an endpoint whose server serves `model`.
  public func apply(_ event: CacheEvent, endpoint: Int, model: String) {
    switch event {
    case .stored(let blocks): store(blocks, endpoint: endpoint, model: model)
    case .removed(let hashes, let tier, let group):
      if let group, partialGroups[endpoint]?.contains(group) == true { return }
      for hash in hashes { remove(hash, tier: tier, endpoint: endpoint) }
    case .storedPartially(let group):
      if let group { partialGroups[endpoint, default: []].insert(group) }
    case .cleared: clear(endpoint: endpoint)
    }
  }

  /// Forgets everything that an endpoint has told, as when it is gone or was started anew.
  public func clear(endpoint: Int) {
    partialGroups[endpoint] = nil
    guard let blocks = servers.removeValue(forKey: endpoint) else { return }
    count -= blocks.count
    for block in blocks.values {
      for (tier, _) in block.stored {
        for key in block.keys { change(key, endpoint: endpoint, tier: tier, by: -1, parts: 1) }
      }
    }
  }

  /// Takes it that `endpoint` will hold `keys`, until the server says so or `deadline` passes. Times are the owner's, all
  /// of one clock that does not go back.
  public func expect(_ keys: [UInt64], endpoint: Int, until deadline: UInt64) {
    for key in keys where expected.append(key: key, endpoint: endpoint, deadline: deadline) {
      update(key, endpoint: endpoint, parts: 1) { $0.expectedUntil = max($0.expectedUntil, deadline) }
    }
  }

  /// Forgets what was expected until `now` at the latest.
  public func expire(now: UInt64) {
    while let item = expected.popFirst(now: now) {
      guard holders[item.key]?.contains(where: { $0.endpoint == item.endpoint }) == true else { continue }
      update(item.key, endpoint: item.endpoint, parts: 1) { if $0.expectedUntil <= now { $0.expectedUntil = 0 } }
    }
  }

  /// Counts for each endpoint the blocks from the first on that it holds.
  public func match(_ keys: [UInt64], weights: TierWeights, now: UInt64, into matches: inout PreciseMatches) {
    matches.reset()
    for (index, key) in keys.enumerated() {
      guard let holders = holders[key] else { return }
      var isHeld = false
      for holder in holders where holder.endpoint < matches.blocks.count {
        guard matches.blocks[holder.endpoint] == Int32(index), let weight = holder.weight(weights, now: now)
        else { continue }
        matches.blocks[holder.endpoint] += 1
        matches.weights[holder.endpoint] += weight
        isHeld = true
      }
      guard isHeld else { return }
    }
  }

  private func store(_ blocks: StoredBlocks, endpoint: Int, model: String) {
    let size = hasher.blockSize
    guard blocks.blockSize.isMultiple(of: size) || size.isMultiple(of: blocks.blockSize) else {
      refusals.sizes += blocks.hashes.count
      return
    }
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
        if known.stored[blocks.tier] == nil {
          for key in known.keys { change(key, endpoint: endpoint, tier: blocks.tier, by: 1, parts: 1) }
        }
        known.stored[blocks.tier, default: 0] += 1
        server[hash] = known
        state = known
        continue
      }
      guard count < capacity else {
        refusals.overflow += blocks.hashes.count - index
        return
      }
      count += 1
      state.stored = [blocks.tier: 1]
      state.keys = []
      state.pending += blocks.tokens[index * blocks.blockSize..<(index + 1) * blocks.blockSize]
      state.pendingExtras += blocks.extras.isEmpty ? [] : blocks.extras[index]
      state.pendingBlocks.append(hash)
      server[hash] = state
      var used = 0
      while state.pending.count - used >= size {
        let tokens = state.pending[used..<used + size]
        let key = hasher.key(after: state.previous, tokens: tokens, extras: state.pendingExtras)
        for part in state.pendingBlocks {
          server[part]?.keys.append(key)
          for tier in CacheTier.allCases where server[part]?.stored[tier] != nil {
            change(key, endpoint: endpoint, tier: tier, by: 1, parts: state.pendingBlocks.count)
          }
        }
        state.previous = key
        used += size
        // Of a server's block that spans several of the index's, the first has the extras.
        state.pendingExtras = []
      }
      if used > 0 {
        // Sizes divide each other, so that nothing is left over when a block of the index is complete.
        state.pending = []
        state.pendingBlocks = []
      }
      server[hash]?.previous = state.previous
      server[hash]?.pending = state.pending
      server[hash]?.pendingExtras = state.pendingExtras
      server[hash]?.pendingBlocks = state.pendingBlocks
    }
  }

  private func remove(_ hash: UInt64, tier: CacheTier, endpoint: Int) {
    guard var block = servers[endpoint]?[hash], let times = block.stored[tier] else { return }
    block.stored[tier] = times > 1 ? times - 1 : nil
    if times == 1 {
      for key in block.keys { change(key, endpoint: endpoint, tier: tier, by: -1, parts: 1) }
    }
    guard block.stored.isEmpty else {
      servers[endpoint]?[hash] = block
      return
    }
    servers[endpoint]?[hash] = nil
    count -= 1
  }

  private func change(_ key: UInt64, endpoint: Int, tier: CacheTier, by difference: Int32, parts: Int) {
    update(key, endpoint: endpoint, parts: parts) { $0.change(tier, by: difference) }
  }

  /// Changes the hold of an endpoint on a key, and drops it when nothing keeps it.
  private func update(_ key: UInt64, endpoint: Int, parts: Int, _ body: (inout BlockHolder) -> Void) {
    let isLast = Self.update(&holders[key, default: []], endpoint: endpoint, parts: parts, body)
    if isLast { holders[key] = nil }
  }

  /// True when no endpoint is left.
  private static func update(
    _ list: inout [BlockHolder], endpoint: Int, parts: Int, _ body: (inout BlockHolder) -> Void
  ) -> Bool {
    let index = list.firstIndex { $0.endpoint == endpoint } ?? list.count
    if index == list.count { list.append(BlockHolder(endpoint: endpoint, parts: parts)) }
    list[index].parts = max(list[index].parts, Int32(clamping: parts))
    body(&list[index])
    if list[index].isEmpty { list.remove(at: index) }
    return list.isEmpty
  }
}
