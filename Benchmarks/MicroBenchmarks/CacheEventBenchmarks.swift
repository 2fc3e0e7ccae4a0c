import KVCacheEvents

/// The precise index: looking a prompt up, and taking what servers tell.
enum CacheEventBenchmarks {
  private static let hasher = BlockKeyHasher(blockSize: 64, seed: "")

  static var all: [MicroBenchmark] {
    [
      MicroBenchmark("precise-match-100k-tokens-10-endpoints") { matching(tokens: 102_400) },
      MicroBenchmark("precise-store-and-remove-100-blocks") { storing(blocks: 100) },
    ]
  }

  /// The keys of a prompt are made and looked up; each of ten endpoints holds another length of it.
  private static func matching(tokens count: Int) -> () -> Void {
    let tokens = (0..<UInt32(count)).map { $0 &* 2_654_435_761 }
    let index = PreciseIndex(hasher: hasher)
    for endpoint in 0..<10 {
      index.apply(stored(tokens.prefix(count / 10 * (endpoint + 1))), endpoint: endpoint, model: "m")
    }
    let prompt = PromptKeys(hasher: hasher)
    let root = hasher.root(model: "m")
    var keys: [UInt64] = []
    var matches = PreciseMatches(endpoints: 10)
    return {
      tokens.withUnsafeBytes { bytes in
        withUnsafePointer(to: bytes) { prompt.begin(UnsafeBufferPointer(start: $0, count: 1), root: root) }
      }
      matches.reset()
      while prompt.madeCount < prompt.blockCount {
        let before = prompt.madeCount
        keys.removeAll(keepingCapacity: true)
        prompt.append(256, to: &keys)
        _ = index.holders.match(keys[...], after: before, weights: TierWeights(), now: 0, into: &matches)
      }
      consume(matches.touched.count)
    }
  }

  private static func storing(blocks count: Int) -> () -> Void {
    let tokens = (0..<UInt32(count * hasher.blockSize)).map { $0 &* 2_654_435_761 }
    let index = PreciseIndex(hasher: hasher)
    let event = stored(tokens[...])
    let removal = CacheEvent.removed(hashes: (0..<UInt64(count)).map { $0 }, tier: .gpu, group: nil)
    return {
      index.apply(event, endpoint: 0, model: "m")
      index.apply(removal, endpoint: 0, model: "m")
      consume(index.count)
    }
  }

  private static func stored(_ tokens: ArraySlice<UInt32>) -> CacheEvent {
    let count = tokens.count / hasher.blockSize
    return .stored(
      StoredBlocks(
        hashes: (0..<UInt64(count)).map { $0 }, parent: nil,
        tokens: Array(tokens.prefix(count * hasher.blockSize)), blockSize: hasher.blockSize))
  }
}
