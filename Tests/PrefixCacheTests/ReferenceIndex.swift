/// The prefix index as its contract says, with lists instead of speed.
struct ReferenceIndex {
  let maximumEntries: Int
  /// Each endpoint's blocks, newest first.
  private(set) var blocks: [UInt32: [UInt64]] = [:]

  init(maximumEntries: Int) {
    self.maximumEntries = maximumEntries
  }

  var entryCount: Int { blocks.values.reduce(0) { $0 + $1.count } }

  mutating func insert(_ hashes: [UInt64], slot: UInt32, capacity: Int) {
    var list = blocks[slot] ?? []
    let limit = min(capacity, list.count + maximumEntries - entryCount)
    for hash in hashes.prefix(limit).reversed() {
      list.removeAll { $0 == hash }
      list.insert(hash, at: 0)
    }
    blocks[slot] = Array(list.prefix(limit))
  }

  mutating func removeEndpoint(_ slot: UInt32) {
    blocks[slot] = nil
  }

  /// For each endpoint with a match the longest prefix that it holds without a gap.
  func longestMatches(_ hashes: [UInt64]) -> [UInt32: UInt32] {
    var matches: [UInt32: UInt32] = [:]
    for (slot, list) in blocks {
      let held = Set(list)
      let length = hashes.prefix { held.contains($0) }.count
      if length > 0 { matches[slot] = UInt32(length) }
    }
    return matches
  }

  /// For each endpoint with a match all the blocks that it holds, gaps or not.
  func heldBlocks(_ hashes: [UInt64]) -> [UInt32: UInt32] {
    var matches: [UInt32: UInt32] = [:]
    for (slot, list) in blocks {
      let held = Set(list)
      let count = hashes.filter { held.contains($0) }.count
      if count > 0 { matches[slot] = UInt32(count) }
    }
    return matches
  }
}
