import PrefixCache
import Testing

@Suite struct PrefixIndexTests {
  /// A path in a tree of prompts: equal beginnings give equal hashes.
  private func chain(_ path: some Sequence<Int>) -> [UInt64] {
    var previous: UInt64 = 99
    return path.map { step in
      previous = SeededGenerator.mix(previous &* 31 &+ UInt64(step) &+ 1)
      return previous
    }
  }

  private func insert(_ hashes: [UInt64], _ slot: UInt32, capacity: Int = 1_000, into index: PrefixIndex) {
    hashes.withUnsafeBufferPointer { _ = index.insert($0, slot: slot, capacity: capacity) }
  }

  private func remove(_ hashes: [UInt64], keeping kept: Int = 0, _ slot: UInt32, from index: PrefixIndex) {
    hashes.withUnsafeBufferPointer { index.remove($0, keeping: kept, slot: slot) }
  }

  private func matches(_ hashes: [UInt64], in index: PrefixIndex, slotCount: Int = 128) -> [UInt32: UInt32] {
    let matches = PrefixMatches()
    matches.reset(slotCount: slotCount)
    hashes.withUnsafeBufferPointer { index.addLongestMatches(of: $0, to: matches) }
    #expect(Set(matches.touched).count == matches.touched.count)
    #expect(matches.counts.filter { $0 > 0 }.count == matches.touched.count)
    return Dictionary(uniqueKeysWithValues: matches.touched.map { ($0, matches.counts[Int($0)]) })
  }

  @Test func findsTheLongestPrefixOfEachEndpoint() {
    let index = PrefixIndex()
    let long = chain(0..<1_600)
    insert(long, 3, capacity: 31_250, into: index)
    insert(Array(long.prefix(700)), 5, into: index)
    insert(chain([0, 1, 2, 77, 78]), 9, into: index)
    #expect(matches(long, in: index) == [3: 1_600, 5: 700, 9: 3])
    #expect(matches(Array(long.prefix(10)), in: index) == [3: 10, 5: 10, 9: 3])
    #expect(matches(chain([4, 5]), in: index).isEmpty)
    #expect(matches([], in: index).isEmpty)
    #expect(index.entryCount == 1_600 + 700 + 5)
    #expect(index.entryCount(of: 9) == 5)
  }

  @Test func matchesOfSeveralPromptsAddUp() {
    let index = PrefixIndex()
    let first = chain(0..<4)
    let second = chain(10..<16)
    insert(first, 1, into: index)
    insert(second, 1, into: index)
    insert(second, 2, into: index)
    let matches = PrefixMatches()
    matches.reset(slotCount: 3)
    for prompt in [first, second] {
      prompt.withUnsafeBufferPointer { index.addLongestMatches(of: $0, to: matches) }
    }
    #expect(Array(matches.counts) == [0, 10, 6])
    matches.reset(slotCount: 3)
    #expect(Array(matches.counts) == [0, 0, 0])
    #expect(matches.touched.isEmpty)
  }

  @Test func slotsThatTheCallerHasNoRoomForAreLeftOut() {
    let index = PrefixIndex()
    insert(chain(0..<5), 2, into: index)
    insert(chain(0..<5), 200, into: index)
    insert(chain(0..<5), UInt32(PrefixIndex.maximumSlots), into: index)
    #expect(matches(chain(0..<5), in: index, slotCount: 3) == [2: 5])
    #expect(matches(chain(0..<5), in: index, slotCount: PrefixIndex.maximumSlots) == [2: 5, 200: 5])
    #expect(index.entryCount == 10)
  }

  @Test func evictsTheEndsOfTheLeastRecentChainFirst() {
    let index = PrefixIndex()
    insert(chain(0..<6), 0, capacity: 10, into: index)
    insert(chain(10..<14), 0, capacity: 10, into: index)
    insert(chain(20..<23), 0, capacity: 10, into: index)
    #expect(matches(chain(0..<6), in: index) == [0: 3])
    #expect(matches(chain(10..<14), in: index) == [0: 4])
    #expect(matches(chain(20..<23), in: index) == [0: 3])
  }

  @Test func aLookupDoesNotRefresh() {
    let index = PrefixIndex()
    insert(chain(0..<5), 0, capacity: 10, into: index)
    insert(chain(10..<15), 0, capacity: 10, into: index)
    _ = matches(chain(0..<5), in: index)
    insert(chain(20..<22), 0, capacity: 10, into: index)
    #expect(matches(chain(0..<5), in: index) == [0: 3])
  }

  @Test func aChainLongerThanTheCapacityKeepsItsBeginning() {
    let index = PrefixIndex()
    insert(chain(0..<50), 0, capacity: 8, into: index)
    #expect(matches(chain(0..<50), in: index) == [0: 8])
    insert(chain(0..<50), 0, capacity: 3, into: index)
    #expect(matches(chain(0..<50), in: index) == [0: 3])
    insert(chain(0..<50), 0, capacity: 0, into: index)
    #expect(index.entryCount == 0)
  }

  @Test func atTheGlobalCapAnEndpointReplacesItsOwnBlocksOnly() {
    let index = PrefixIndex(maximumEntries: 20)
    insert(chain(0..<15), 0, into: index)
    insert(chain(100..<110), 1, into: index)
    #expect(index.entryCount == 20)
    #expect(matches(chain(100..<110), in: index) == [1: 5])
    insert(chain(200..<203), 1, into: index)
    #expect(matches(chain(200..<203), in: index) == [1: 3])
    #expect(matches(chain(100..<110), in: index) == [1: 2])
    #expect(matches(chain(0..<15), in: index) == [0: 15])
    insert(chain(300..<303), 2, into: index)
    #expect(index.entryCount(of: 2) == 0)
  }

  @Test func removingAnEndpointForgetsItAlone() {
    let index = PrefixIndex()
    for slot in 0..<30 as Range<UInt32> { insert(chain(0..<3_000), slot, capacity: 3_000, into: index) }
    index.removeEndpoint(7)
    index.removeEndpoint(8)
    index.removeEndpoint(8)
    index.removeEndpoint(60_000)
    let found = matches(chain(0..<3_000), in: index)
    #expect(found.count == 28)
    #expect(found[7] == nil && found[8] == nil)
    #expect(found.values.allSatisfy { $0 == 3_000 })
    #expect(index.entryCount == 28 * 3_000)
    for slot in 0..<30 as Range<UInt32> { index.removeEndpoint(slot) }
    #expect(index.entryCount == 0)
    #expect(matches(chain(0..<3_000), in: index).isEmpty)
  }

  @Test func memoryIsReusedAndBounded() {
    let index = PrefixIndex()
    for round in 0..<40 {
      insert(chain(round * 10_000..<round * 10_000 + 5_000), 0, capacity: 5_000, into: index)
    }
    let bytes = index.memoryBytes
    #expect(index.entryCount == 5_000)
    // An entry of a block with one endpoint takes at most 16 + 43 bytes, pages and parts aside.
    #expect(bytes < 5_000 * 64 + 256 * 1_024)
    for round in 40..<80 {
      insert(chain(round * 10_000..<round * 10_000 + 5_000), 0, capacity: 5_000, into: index)
    }
    #expect(index.memoryBytes < bytes + bytes / 2)
  }

  /// Random inserts, evictions by small capacities, and removals, against the contract spelled with lists.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func agreesWithTheReference(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let cap = seed % 2 == 0 ? 900 : 100_000
    let index = PrefixIndex(maximumEntries: cap)
    var reference = ReferenceIndex(maximumEntries: cap)
    for step in 0..<3_000 {
      let slot = UInt32.random(in: 0..<40, using: &random)
      // Few choices near the root and a long common tail make prefixes of every length shared.
      let depth = Int.random(in: 1...60, using: &random)
      let fork = Int.random(in: 0...depth, using: &random)
      let branch = Int.random(in: 0..<4, using: &random)
      let path = chain((0..<depth).map { $0 < fork ? 0 : branch })
      switch Int.random(in: 0..<20, using: &random) {
      case 0:
        index.removeEndpoint(slot)
        reference.removeEndpoint(slot)
      case 1..<12:
        let capacity = slot % 3 == 0 ? Int.random(in: 0...80, using: &random) : 64
        insert(path, slot, capacity: capacity, into: index)
        reference.insert(path, slot: slot, capacity: capacity)
      default:
        let expected = reference.longestMatches(path)
        #expect(matches(path, in: index) == expected, "step \(step)")
        // The invariant: a set closed under prefixes has no block of the chain beyond the contiguous ones.
        #expect(reference.heldBlocks(path) == expected, "step \(step)")
      }
      #expect(index.entryCount == reference.entryCount, "step \(step)")
    }
  }

  @Test func concurrentUseKeepsCountsExact() async {
    let index = PrefixIndex(maximumEntries: 50_000)
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<4 as Range<UInt32> {
        group.addTask {
          for round in 0..<200 {
            insert(chain((round % 7 * 100)..<(round % 7 * 100 + 50)), worker, capacity: 200, into: index)
            _ = matches(chain(0..<50), in: index)
            if round % 50 == 49 { index.removeEndpoint(worker) }
          }
        }
      }
    }
    #expect(index.entryCount == 0)
    #expect(matches(chain(0..<50), in: index).isEmpty)
  }

  @Test func hashesThatAreNoChainDoNoHarm() {
    let index = PrefixIndex(maximumEntries: 500)
    var random = SeededGenerator(seed: 11)
    for _ in 0..<2_000 {
      let hashes = (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt64.random(in: 0...30, using: &random) }
      insert(hashes, UInt32.random(in: 0..<5, using: &random), capacity: 25, into: index)
      _ = matches(hashes, in: index)
    }
    for slot in 0..<5 as Range<UInt32> { index.removeEndpoint(slot) }
    #expect(index.entryCount == 0)
  }

  // MARK: Removal of one chain

  @Test func removingTakesBackWhatAnInsertAdded() {
    let index = PrefixIndex()
    let long: [UInt64] = Array(1...20)
    let held = long.prefix(6).withUnsafeBufferPointer { index.insert($0, slot: 1) }
    #expect(held == 0)
    insert(long, 2, into: index)
    let before = long.withUnsafeBufferPointer { index.insert($0, slot: 1) }
    #expect(before == 6)
    remove(long, keeping: before, 1, from: index)
    #expect(matches(long, in: index) == [1: 6, 2: 20])
    #expect(index.entryCount(of: 1) == 6)
    remove(long, 1, from: index)
    remove(long, 1, from: index)
    remove(long, 9, from: index)
    remove([], 2, from: index)
    #expect(matches(long, in: index) == [2: 20])
    #expect(index.entryCount == 20)
  }

  /// Another request with the same beginning was placed between a request's insert and its removal.
  @Test func whatARemovalLeavesBehindIsTakenUpAgain() {
    let index = PrefixIndex()
    insert(Array(1...4), 1, into: index)
    insert(Array(1...8), 1, into: index)
    remove(Array(1...4), 1, from: index)
    #expect(index.entryCount(of: 1) == 4)
    #expect(matches(Array(1...8), in: index).isEmpty)
    insert(Array(1...8), 1, into: index)
    #expect(index.entryCount(of: 1) == 8)
    #expect(matches(Array(1...8), in: index) == [1: 8])
    // Every entry goes again, the oldest first.
    insert(Array(100...107), 1, capacity: 8, into: index)
    #expect(matches(Array(1...8), in: index).isEmpty)
    #expect(index.entryCount == 8)
    index.removeEndpoint(1)
    #expect(index.entryCount == 0)
  }

  @Test(arguments: 0..<4)
  func insertsAndRemovalsInAnyOrderLoseNoEntry(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let index = PrefixIndex()
    var slots = Set<UInt32>()
    for _ in 0..<3_000 {
      let first = UInt64.random(in: 0..<4, using: &random) * 100
      let chain = (0..<UInt64.random(in: 1...30, using: &random)).map { first + $0 }
      let slot = UInt32.random(in: 0..<5, using: &random)
      slots.insert(slot)
      if Bool.random(using: &random) {
        insert(chain, slot, capacity: 60, into: index)
        #expect(matches(chain, in: index)[slot] ?? 0 >= chain.count)
      } else {
        remove(chain, keeping: Int.random(in: 0...chain.count, using: &random), slot, from: index)
      }
      #expect(index.entryCount == slots.reduce(0) { $0 + index.entryCount(of: $1) })
      #expect(slots.allSatisfy { index.entryCount(of: $0) <= 60 })
    }
    for slot in slots { index.removeEndpoint(slot) }
    #expect(index.entryCount == 0)
  }
}
