/// The prefix index without its lock. See `PrefixIndex` for the rules.
///
/// Unchecked: only ever reached through the index's lock.
struct PrefixStorage: ~Copyable, @unchecked Sendable {
  private static var none: UInt32 { .max }
  /// How many blocks ahead of the one at work memory is asked for.
  private static var prefetchDistance: Int { 12 }

  private var table: BlockTable
  private var sets = EndpointSets()
  private var nodes = PagedPool<BlockNode>()
  private var endpoints: [EndpointBlocks] = []
  private(set) var entryCount = 0
  private let maximumEntries: Int

  init(maximumEntries: Int) {
    self.maximumEntries = maximumEntries
    table = BlockTable(key: .random(in: .min ... .max), multiplier: .random(in: .min ... .max))
  }

  var memoryBytes: Int {
    table.memoryBytes + sets.memoryBytes + nodes.memoryBytes
      + endpoints.capacity * MemoryLayout<EndpointBlocks>.stride
  }

  func entryCount(of slot: Int) -> Int {
    slot < endpoints.count ? endpoints[slot].count : 0
  }

  // MARK: Lookup

  func addMatches(of hashes: UnsafeBufferPointer<UInt64>, to matches: PrefixMatches) {
    guard !hashes.isEmpty, var bucket = table.find(hashes[0])?.pointee else { return }
    // Endpoints drop out as blocks get deeper and never come back. So equal counts mean equal sets, and a run of blocks
    // with equal sets adds its length to each of them.
    var start = 0
    while true {
      let last = deepest(in: hashes, from: start) { table, hash in
        table.find(hash)?.pointee.count == bucket.count
      }
      let length = UInt32(truncatingIfNeeded: last - start + 1)
      sets.forEach(bucket) { slot, _ in
        matches.add(length, to: UInt32(slot))
        return true
      }
      start = last + 1
      guard start < hashes.count, let next = table.find(hashes[start])?.pointee else { return }
      bucket = next
    }
  }

  /// The index of the last block for which `holds`, known to be so at `start`, and known to stay false once it is.
  /// Takes O(log n) probes for a run of n blocks.
  @inline(__always)
  private func deepest(
    in hashes: UnsafeBufferPointer<UInt64>, from start: Int, where holds: (borrowing BlockTable, UInt64) -> Bool
  ) -> Int {
    var last = start
    var end = hashes.count
    var step = 1
    while last + 1 < end {
      let probe = min(last + step, end - 1)
      guard holds(table, hashes[probe]) else {
        end = probe
        break
      }
      last = probe
      step *= 2
    }
    while last + 1 < end {
      let probe = last + (end - last) / 2
      if holds(table, hashes[probe]) { last = probe } else { end = probe }
    }
    return last
  }

  // MARK: Insertion

  /// Returns how many leading blocks the endpoint held before.
  mutating func insert(_ hashes: UnsafeBufferPointer<UInt64>, slot: Int, capacity: Int) -> Int {
    if endpoints.count <= slot {
      endpoints.append(contentsOf: repeatElement(EndpointBlocks(), count: slot + 1 - endpoints.count))
    }
    let held = endpoints[slot].count
    let limit = min(max(0, capacity), held + max(0, maximumEntries - entryCount))
    let chain = UnsafeBufferPointer(rebasing: hashes[..<min(hashes.count, limit)])
    var known = knownDepth(of: chain, slot: UInt16(truncatingIfNeeded: slot))

    // Deepest first, so that a block never is more recent than its predecessor. Then everything older may go: the
    // chain's own blocks are the newest, and there are no more of them than the limit.
    var previous = touch(chain, depth: &known, slot: slot)
    evict(held + chain.count - known - limit, from: slot)

    // New blocks go right behind their predecessors, which gives the same order.
    for index in known..<chain.count {
      let ahead = index + Self.prefetchDistance
      if ahead < chain.count { table.prefetch(chain[ahead]) }
      // A set of all slots is full already; only hashes that collide by design could ask for more.
      guard let bucket = table.findOrInsert(chain[index]), bucket.pointee.count < .max else { return known }
      if bucket.pointee.count > 0, let left = sets.node(of: UInt16(truncatingIfNeeded: slot), in: bucket.pointee) {
        // A removal left the end of a longer chain behind, or the hashes are no chain and this one was there before.
        guard left != previous else { continue }
        unlink(left, slot: slot)
        place(left, behind: previous, slot: slot)
        previous = left
        continue
      }
      previous = link(chain[index], behind: previous, slot: slot)
      sets.add(UInt16(truncatingIfNeeded: slot), node: previous, to: bucket)
      entryCount += 1
    }
    return known
  }

  // MARK: Removal

  /// Removes the blocks of a chain from an endpoint, the deepest first, but for the first `kept`.
  mutating func remove(_ hashes: UnsafeBufferPointer<UInt64>, keeping kept: Int, slot: Int) {
    guard slot < endpoints.count else { return }
    for hash in hashes[kept...].reversed() {
      guard let bucket = table.find(hash),
        let index = sets.node(of: UInt16(truncatingIfNeeded: slot), in: bucket.pointee)
      else { continue }
      remove(index, from: bucket, slot: slot)
    }
  }

  @inline(__always)
  private mutating func remove(_ index: UInt32, from bucket: UnsafeMutablePointer<BlockBucket>?, slot: Int) {
    if let bucket {
      sets.remove(node: index, from: bucket)
      if bucket.pointee.count == 0 { table.remove(bucket) }
    }
    unlink(index, slot: slot)
    nodes.free(index)
    endpoints[slot].count -= 1
    entryCount -= 1
  }

  /// How many leading blocks the endpoint holds.
  private func knownDepth(of chain: UnsafeBufferPointer<UInt64>, slot: UInt16) -> Int {
    guard let first = chain.first, node(of: first, slot: slot) != nil else { return 0 }
    return 1
      + deepest(in: chain, from: 0) { table, hash in
        guard let bucket = table.find(hash) else { return false }
        return sets.node(of: slot, in: bucket.pointee) != nil
      }
  }

  private func node(of hash: UInt64, slot: UInt16) -> UInt32? {
    guard let bucket = table.find(hash) else { return nil }
    return sets.node(of: slot, in: bucket.pointee)
  }

  /// Makes the first `depth` blocks of `chain` the endpoint's newest and returns the deepest one's node. Lowers the
  /// depth where a removal has left a gap.
  private mutating func touch(_ chain: UnsafeBufferPointer<UInt64>, depth: inout Int, slot: Int) -> UInt32 {
    var deepest = Self.none
    var guess = Self.none
    for position in stride(from: depth - 1, through: 0, by: -1) {
      let hash = chain[position]
      // The block that was next newer is the predecessor unless something else of its kind came between.
      let isGuess = guess != Self.none && nodes[guess].pointee.hash == hash
      guard let index = isGuess ? guess : node(of: hash, slot: UInt16(truncatingIfNeeded: slot)) else {
        depth = position
        deepest = Self.none
        guess = Self.none
        continue
      }
      guess = nodes[index].pointee.newer
      if deepest == Self.none { deepest = index }
      guard endpoints[slot].newest != index else { continue }
      unlink(index, slot: slot)
      pushNewest(index, slot: slot)
    }
    return deepest
  }

  // MARK: Eviction

  /// Removes up to `count` blocks of an endpoint, oldest first, and returns how many there were.
  @discardableResult
  mutating func evict(_ count: Int, from slot: Int) -> Int {
    guard count > 0, slot < endpoints.count else { return 0 }
    let evicted = min(count, endpoints[slot].count)
    var scout = endpoints[slot].oldest
    for _ in 0..<min(evicted, Self.prefetchDistance) {
      table.prefetch(nodes[scout].pointee.hash)
      scout = nodes[scout].pointee.newer
    }
    for _ in 0..<evicted {
      let index = endpoints[slot].oldest
      if scout != Self.none {
        table.prefetch(nodes[scout].pointee.hash)
        scout = nodes[scout].pointee.newer
      }
      remove(index, from: table.find(nodes[index].pointee.hash), slot: slot)
    }
    return evicted
  }

  // MARK: Recency list

  /// Adds a node for `hash` just older than `newer`, or as the newest if there is none.
  @inline(__always)
  private mutating func link(_ hash: UInt64, behind newer: UInt32, slot: Int) -> UInt32 {
    let index = nodes.allocate(BlockNode(hash: hash, newer: Self.none, older: Self.none))
    endpoints[slot].count += 1
    place(index, behind: newer, slot: slot)
    return index
  }

  /// Puts a node that is in no place just older than `newer`, or as the newest if there is none.
  @inline(__always)
  private mutating func place(_ index: UInt32, behind newer: UInt32, slot: Int) {
    guard newer != Self.none else { return pushNewest(index, slot: slot) }
    let older = nodes[newer].pointee.older
    nodes[index].pointee.newer = newer
    nodes[index].pointee.older = older
    nodes[newer].pointee.older = index
    if older == Self.none { endpoints[slot].oldest = index } else { nodes[older].pointee.newer = index }
  }

  @inline(__always)
  private mutating func pushNewest(_ index: UInt32, slot: Int) {
    let older = endpoints[slot].newest
    nodes[index].pointee.newer = Self.none
    nodes[index].pointee.older = older
    endpoints[slot].newest = index
    if older == Self.none { endpoints[slot].oldest = index } else { nodes[older].pointee.newer = index }
  }

  @inline(__always)
  private mutating func unlink(_ index: UInt32, slot: Int) {
    let node = nodes[index].pointee
    if node.newer == Self.none {
      endpoints[slot].newest = node.older
    } else {
      nodes[node.newer].pointee.older = node.older
    }
    if node.older == Self.none {
      endpoints[slot].oldest = node.newer
    } else {
      nodes[node.older].pointee.newer = node.newer
    }
  }
}
