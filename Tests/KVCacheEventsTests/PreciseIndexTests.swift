import KVCacheEvents
import Testing

@Suite struct PreciseIndexTests {
  private let index = PreciseIndex(hasher: BlockKeyHasher(blockSize: 2, seed: ""))

  private func store(
    _ hashes: [UInt64], after parent: UInt64? = nil, _ tokens: [UInt32], size: Int = 2, on endpoint: Int = 0,
    tier: CacheTier = .gpu, adapter: String = "", extras: [[[UInt8]]] = []
  ) {
    let blocks = StoredBlocks(
      hashes: hashes, parent: parent, tokens: tokens, blockSize: size, tier: tier, adapter: adapter, extras: extras)
    index.apply(.stored(blocks), endpoint: endpoint, model: "m")
  }

  private func remove(_ hashes: [UInt64], on endpoint: Int = 0, tier: CacheTier = .gpu, group: UInt64? = nil) {
    index.apply(.removed(hashes: hashes, tier: tier, group: group), endpoint: endpoint, model: "m")
  }

  private func match(
    _ tokens: [UInt32], model: String = "m", now: UInt64 = 0, extras: [Int: [[UInt8]]] = [:]
  ) -> PreciseMatches {
    var matches = PreciseMatches(endpoints: 3)
    let keys = index.hasher.keys(tokens: tokens, root: index.hasher.root(model: model), extras: extras)
    index.match(keys, weights: TierWeights(), now: now, into: &matches)
    return matches
  }

  @Test func countsTheBlocksHeldFromTheFirstOn() {
    store([10, 11, 12], [1, 2, 3, 4, 5, 6])
    store([20], [1, 2], on: 1)
    store([20, 21], [9, 9, 3, 4], on: 2)
    #expect(match([1, 2, 3, 4, 5, 6, 7]).blocks == [3, 1, 0])
    #expect(match([1, 2, 3, 4, 0, 0]).blocks == [2, 1, 0])
    #expect(match([0, 0, 3, 4]).blocks == [0, 0, 0])
    #expect(match([1, 2], model: "other").blocks == [0, 0, 0])
  }

  @Test func aHoleEndsTheMatchOfItsEndpointOnly() {
    store([10, 11, 12], [1, 2, 3, 4, 5, 6])
    store([10, 11, 12], [1, 2, 3, 4, 5, 6], on: 1)
    remove([11])
    #expect(match([1, 2, 3, 4, 5, 6]).blocks == [1, 3, 0])
    store([11], after: 10, [3, 4])
    #expect(match([1, 2, 3, 4, 5, 6]).blocks == [3, 3, 0])
  }

  @Test func theBestTierCounts() {
    store([10, 11], [1, 2, 3, 4])
    store([10], [1, 2], tier: .cpu)
    #expect(match([1, 2, 3, 4]).weights == [2, 0, 0])
    remove([10])
    #expect(match([1, 2, 3, 4]).weights == [1.8, 0, 0])
    remove([10], tier: .cpu)
    #expect(match([1, 2, 3, 4]).weights == [0, 0, 0])
  }

  @Test func aBlockStoredTwiceHasToBeRemovedTwice() {
    store([10], [1, 2])
    store([10], [1, 2])
    remove([10])
    #expect(match([1, 2]).blocks == [1, 0, 0])
    remove([10])
    remove([10])
    #expect(match([1, 2]).blocks == [0, 0, 0])
    #expect(index.count == 0)
  }

  @Test func clearingForgetsOneEndpoint() {
    store([10, 11], [1, 2, 3, 4])
    store([10], [1, 2], on: 1)
    index.apply(.cleared, endpoint: 0, model: "m")
    #expect(match([1, 2, 3, 4]).blocks == [0, 1, 0])
    #expect(index.count == 1)
    store([12], after: 11, [5, 6])
    #expect(index.refusals.orphans == 1)
  }

  @Test func aServersBlockMaySpanSeveral() {
    store([10, 11], [1, 2, 3, 4, 5, 6, 7, 8], size: 4)
    #expect(match([1, 2, 3, 4, 5, 6, 7, 8]).blocks == [4, 0, 0])
    remove([11])
    #expect(match([1, 2, 3, 4, 5, 6, 7, 8]).blocks == [2, 0, 0])
  }

  @Test func severalBlocksOfAServerMayMakeUpOne() {
    store([10, 11, 12], [1, 2, 3], size: 1)
    #expect(match([1, 2, 3, 4]).blocks == [1, 0, 0])
    store([13], after: 12, [4], size: 1)
    #expect(match([1, 2, 3, 4]).blocks == [2, 0, 0])
    remove([12])
    #expect(match([1, 2, 3, 4]).blocks == [1, 0, 0])
  }

  @Test func sizesThatDoNotDivideAreRefused() {
    store([10], [1, 2, 3], size: 3)
    #expect(index.refusals.sizes == 1)
    #expect(index.count == 0)
  }

  @Test func adaptersAndExtrasSetBlocksApart() {
    let salt = [Array("salt".utf8)]
    store([10], [1, 2], adapter: "sql")
    store([20], [1, 2], on: 1, extras: [salt])
    #expect(match([1, 2]).blocks == [0, 0, 0])
    #expect(match([1, 2], model: "sql").blocks == [1, 0, 0])
    #expect(match([1, 2], extras: [0: salt]).blocks == [0, 1, 0])
  }

  @Test func partialLayersAreLeftOut() {
    store([10], [1, 2])
    index.apply(.storedPartially(group: 1), endpoint: 0, model: "m")
    remove([10], group: 1)
    #expect(match([1, 2]).blocks == [1, 0, 0])
    remove([10], group: 0)
    #expect(match([1, 2]).blocks == [0, 0, 0])
  }

  @Test func expectedBlocksCountUntilTheirDeadline() {
    let keys = index.hasher.keys(tokens: [1, 2, 3, 4], root: index.hasher.root(model: "m"))
    index.holders.expect(keys[...], endpoint: 2, until: 100)
    #expect(match([1, 2, 3, 4], now: 99).weights == [0, 0, 2])
    #expect(match([1, 2, 3, 4], now: 100).blocks == [0, 0, 0])
    store([10], [1, 2], on: 2)
    index.holders.expire(now: 100)
    #expect(match([1, 2, 3, 4], now: 0).blocks == [0, 0, 1])
  }

  @Test func whatIsBeyondTheCapacityIsCounted() {
    let small = PreciseIndex(hasher: BlockKeyHasher(blockSize: 1, seed: ""), capacity: 2)
    let blocks = StoredBlocks(hashes: [1, 2, 3, 4], parent: nil, tokens: [1, 2, 3, 4], blockSize: 1)
    small.apply(.stored(blocks), endpoint: 0, model: "m")
    #expect(small.count == 2)
    #expect(small.refusals.overflow == 2)
    small.apply(.cleared, endpoint: 0, model: "m")
    #expect(small.count == 0)
  }
}
