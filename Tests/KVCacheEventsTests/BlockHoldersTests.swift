import KVCacheEvents
import Testing

@Suite struct BlockHoldersTests {
  private func matches(_ holders: BlockHolders, _ keys: [UInt64], now: UInt64 = 0) -> [Int32] {
    var matches = PreciseMatches(endpoints: 4)
    _ = holders.match(keys[...], after: 0, weights: TierWeights(), now: now, into: &matches)
    return matches.blocks
  }

  @Test func aPromptMayBeLookedUpInParts() {
    let holders = BlockHolders()
    let keys = Array(UInt64(1)...1_000)
    holders.expect(keys[..<700], endpoint: 1, until: 10)
    holders.expect(keys[..<300], endpoint: 2, until: 10)
    var matches = PreciseMatches(endpoints: 1)
    for _ in 0..<2 {
      matches.reset(endpoints: 4)
      #expect(holders.match(keys[..<300], after: 0, weights: TierWeights(), now: 0, into: &matches))
      #expect(holders.match(keys[300..<600], after: 300, weights: TierWeights(), now: 0, into: &matches))
      #expect(!holders.match(keys[600...], after: 600, weights: TierWeights(), now: 0, into: &matches))
      #expect(matches.blocks == [0, 700, 300, 0])
      #expect(matches.weights == [0, 700, 300, 0])
    }
  }

  @Test func ofTooManyEndpointsTheEarliestIsForgotten() {
    let holders = BlockHolders(maximumPerBlock: 2)
    for endpoint in [3, 0, 1] { holders.expect([7], endpoint: endpoint, until: 10) }
    #expect(matches(holders, [7]) == [1, 1, 0, 0])
    // What is no longer remembered can still be taken back.
    holders.stopExpecting(endpoint: 3)
    holders.expire(now: 10)
    #expect(holders.count == 0)
  }

  @Test func expectingForgetsWhatIsOver() {
    let holders = BlockHolders()
    holders.expect([1, 2, 3], endpoint: 0, until: 10, now: 0)
    holders.expect([4, 5], endpoint: 0, until: 20, now: 10)
    #expect(holders.count == 2)
    #expect(matches(holders, [4, 5], now: 19) == [2, 0, 0, 0])
  }

  @Test func anEndpointThatIsGoneIsExpectedToHoldNothing() {
    let holders = BlockHolders()
    holders.expect([1, 2], endpoint: 0, until: 10)
    holders.expect([1], endpoint: 1, until: 10)
    holders.stopExpecting(endpoint: 0)
    #expect(matches(holders, [1, 2]) == [0, 1, 0, 0])
    #expect(holders.count == 1)
  }

  @Test func serversAndRequestsMayMeet() async {
    let index = PreciseIndex(hasher: BlockKeyHasher(blockSize: 1, seed: ""))
    let holders = index.holders
    let tokens = (0..<1_000).map { UInt32($0) }
    let keys = index.hasher.keys(tokens: tokens, root: index.hasher.root(model: "m"))
    let reader = Task.detached {
      for round in 0..<200 {
        var matches = PreciseMatches(endpoints: 4)
        _ = holders.match(keys[...], after: 0, weights: TierWeights(), now: 0, into: &matches)
        holders.expect(keys[..<10], endpoint: 3, until: UInt64(round) + 1, now: UInt64(round))
      }
    }
    let blocks = StoredBlocks(hashes: Array(1...1_000), parent: nil, tokens: tokens, blockSize: 1)
    for _ in 0..<20 {
      index.apply(.stored(blocks), endpoint: 0, model: "m")
      index.apply(.cleared, endpoint: 0, model: "m")
    }
    await reader.value
    holders.expire(now: .max)
    #expect(holders.count == 0)
  }
}
