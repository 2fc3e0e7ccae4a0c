/// The KV-cache blocks of one engine, with a prefix cache over them.
///
/// A block is *used* while at least one sequence refers to it and *free* otherwise. A free block keeps its content, and
/// can be found by hash, until it is allocated for something else; free blocks are reused oldest release first.
struct BlockPool: Sendable {
  let blockCount: Int
  private(set) var freeCount: Int
  /// Counts releases, so that whoever failed to get blocks can tell whether another try makes sense.
  private(set) var releases: UInt64 = 0

  private var references: [Int32]
  private var hashes: [UInt64?]
  /// The free list, doubly linked by block index; index `blockCount` is its sentinel.
  private var next: [Int32]
  private var previous: [Int32]
  private var blockByHash: [UInt64: Int32] = [:]

  init(blockCount: Int) {
    self.blockCount = blockCount
    self.freeCount = blockCount
    self.references = Array(repeating: 0, count: blockCount)
    self.hashes = Array(repeating: nil, count: blockCount)
    self.next = (0...blockCount).map { Int32($0 == blockCount ? 0 : $0 + 1) }
    self.previous = (0...blockCount).map { Int32($0 == 0 ? blockCount : $0 - 1) }
  }

  var usedCount: Int { blockCount - freeCount }

  /// Blocks holding the longest cached prefix of `hashes`, at most `limit` of them, and how many of these are free.
  func cachedPrefix(of hashes: [UInt64], limit: Int) -> (blocks: [Int32], free: Int) {
    var blocks: [Int32] = []
    var free = 0
    for hash in hashes.prefix(limit) {
      guard let block = blockByHash[hash] else { break }
      blocks.append(block)
      if references[Int(block)] == 0 { free += 1 }
    }
    return (blocks, free)
  }

  /// Adds a reference to each of `blocks`, taking the free ones out of the free list.
  mutating func retain(_ blocks: [Int32]) {
    for block in blocks {
      if references[Int(block)] == 0 {
        unlink(block)
        freeCount -= 1
      }
      references[Int(block)] += 1
    }
  }

  /// Takes the block that was released longest ago and forgets its content; `nil` when every block is used.
  mutating func allocate() -> Int32? {
    guard freeCount > 0 else { return nil }
    let block = next[blockCount]
    unlink(block)
    freeCount -= 1
    if let hash = hashes[Int(block)] {
      blockByHash[hash] = nil
      hashes[Int(block)] = nil
    }
    references[Int(block)] = 1
    return block
  }

  /// Makes `block` findable by `hash`. Another block already known by that hash stays the one that is found.
  mutating func publish(_ block: Int32, hash: UInt64) {
    guard hashes[Int(block)] == nil, blockByHash[hash] == nil else { return }
    hashes[Int(block)] = hash
    blockByHash[hash] = block
  }

  /// Drops one reference to each of a sequence's blocks. The last blocks of the sequence become the older ones in the
  /// free list: a prefix without its tail is still of use, a tail without its prefix is not.
  mutating func release(_ blocks: [Int32]) {
    releases &+= 1
    for block in blocks.reversed() {
      references[Int(block)] -= 1
      guard references[Int(block)] == 0 else { continue }
      append(block)
      freeCount += 1
    }
  }

  private mutating func unlink(_ block: Int32) {
    let before = previous[Int(block)]
    let after = next[Int(block)]
    next[Int(before)] = after
    previous[Int(after)] = before
  }

  private mutating func append(_ block: Int32) {
    let last = previous[blockCount]
    next[Int(last)] = block
    previous[Int(block)] = last
    next[Int(block)] = Int32(blockCount)
    previous[blockCount] = block
  }
}
