import PrefixCache
import Testing

@Suite struct BlockHasherTests {
  /// Hashes `prompt` cut into segments at `cuts` (ascending offsets) into `chains`.
  private func append(
    _ prompt: [UInt8], cuts: [Int] = [], with hasher: BlockHasher, root: UInt64, to chains: BlockChains
  ) {
    prompt.withUnsafeBytes { bytes in
      let bounds = [0] + cuts + [prompt.count]
      let segments = zip(bounds, bounds.dropFirst()).map { UnsafeRawBufferPointer(rebasing: bytes[$0..<$1]) }
      segments.withUnsafeBufferPointer { hasher.append(prompt: $0, root: root, to: chains) }
    }
  }

  private func root(_ model: String, salt: String? = nil) -> UInt64 {
    Array(model.utf8).withUnsafeBytes { model in
      guard let salt else { return BlockHasher.root(model: model, cacheSalt: nil) }
      return Array(salt.utf8).withUnsafeBytes { BlockHasher.root(model: model, cacheSalt: $0) }
    }
  }

  @Test func rootIsTheHashOfModelAndSalt() {
    // XXH64 of the empty input, from the algorithm's published test vectors.
    #expect(BlockHasher.root(model: nil, cacheSalt: nil) == 0xEF46_DB37_51D8_E999)
    #expect(root("llama", salt: "tenant-1") == referenceXXH64(Array("llamatenant-1".utf8)))
    #expect(root("llama") != root("llama", salt: "tenant-1"))
  }

  @Test func anySegmentationGivesTheHashesOfTheJoinedPrompt() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<400 {
      let length = Int.random(in: 0...3_000, using: &random)
      let prompt = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let cuts = (0..<Int.random(in: 0...20, using: &random))
        .map { _ in Int.random(in: 0...length, using: &random) }.sorted()
      let blockSize = [1, 3, 16, 64, 200].randomElement(using: &random) ?? 64
      let maximum = [0, 1, 2, 7, 2_048].randomElement(using: &random) ?? 2_048
      let root = random.next()
      let chains = BlockChains()
      append(
        prompt, cuts: cuts, with: BlockHasher(blockSize: blockSize, maximumBlocksPerPrompt: maximum), root: root,
        to: chains)
      let expected = referenceChain(prompt, blockSize: blockSize, maximumBlocks: maximum, root: root)
      #expect(chains.count == 1)
      #expect(Array(chains[0]) == expected, "length \(length), block \(blockSize), cuts \(cuts)")
    }
  }

  @Test func aPromptOfOneByteHasOneBlock() {
    let chains = BlockChains()
    append([65], with: BlockHasher(blockSize: 64, maximumBlocksPerPrompt: 2_048), root: 7, to: chains)
    #expect(chains.blockCount == 1)
    #expect(Array(chains[0]) == referenceChain([65, 0, 0, 0], blockSize: 64, maximumBlocks: 1, root: 7))
  }

  @Test func promptsAreHashedIndependently() {
    let chains = BlockChains()
    let hasher = BlockHasher(blockSize: 2, maximumBlocksPerPrompt: 10)
    let first = Array("the first prompt".utf8)
    let second = Array("another one, longer than the first".utf8)
    append(first, with: hasher, root: 5, to: chains)
    append([], with: hasher, root: 5, to: chains)
    append(second, cuts: [3, 20], with: hasher, root: 5, to: chains)
    #expect(chains.count == 3)
    #expect(Array(chains[0]) == referenceChain(first, blockSize: 2, maximumBlocks: 10, root: 5))
    #expect(chains[1].isEmpty)
    #expect(Array(chains[2]) == referenceChain(second, blockSize: 2, maximumBlocks: 10, root: 5))
    #expect(chains.blockCount == chains[0].count + chains[2].count)
    chains.reset()
    #expect(chains.count == 0)
    #expect(chains.blockCount == 0)
  }

  @Test func blocksOfOneRequestAreCapped() {
    let chains = BlockChains()
    let prompt = [UInt8](repeating: 1, count: 4 * 40_000)
    let hasher = BlockHasher(blockSize: 1, maximumBlocksPerPrompt: .max)
    append(prompt, with: hasher, root: 1, to: chains)
    append(prompt, with: hasher, root: 1, to: chains)
    append(prompt, with: hasher, root: 1, to: chains)
    #expect(chains.count == 3)
    #expect(chains.blockCount == BlockChains.maximumBlocks)
    #expect(chains[2].isEmpty)
  }

  @Test func outOfRangeParametersAreClamped() {
    #expect(BlockHasher(blockSize: 0, maximumBlocksPerPrompt: -1).blockSize == 1)
    #expect(BlockHasher(blockSize: .max, maximumBlocksPerPrompt: 1).blockSize == BlockHasher.maximumBlockSize)
    #expect(BlockHasher(blockSize: 1, maximumBlocksPerPrompt: -1).maximumBlocksPerPrompt == 0)
  }
}
