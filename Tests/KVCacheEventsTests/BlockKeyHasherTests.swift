import KVCacheEvents
import Testing

@Suite struct BlockKeyHasherTests {
  private let hasher = BlockKeyHasher(blockSize: 2, seed: "42")

  // The values come from a separate implementation of XXH64, over bytes joined by hand.
  @Test func keysAreTheDocumentedHashes() {
    let root = hasher.root(model: "llama")
    #expect(root == 0xA25E_D652_67D7_7005)
    #expect(hasher.keys(tokens: [1, 2, 3, 4], root: root) == [0x656E_54FA_F2D7_75B8, 0xCA6D_BD24_F0CE_3BB6])
    #expect(
      hasher.keys(tokens: [1, 2], root: root, extras: [0: [Array("salt".utf8)]]) == [0x7DB9_C702_632C_321D])
  }

  @Test func onlyWholeBlocksHaveKeys() {
    let root = hasher.root(model: "llama")
    #expect(hasher.keys(tokens: [], root: root).isEmpty)
    #expect(hasher.keys(tokens: [1], root: root).isEmpty)
    #expect(hasher.keys(tokens: [1, 2, 3], root: root) == [0x656E_54FA_F2D7_75B8])
  }

  @Test func seedAndModelAndPredecessorSetKeysApart() {
    let root = hasher.root(model: "llama")
    #expect(root != hasher.root(model: "llama-2"))
    #expect(root != BlockKeyHasher(blockSize: 2, seed: "").root(model: "llama"))
    let keys = hasher.keys(tokens: [1, 2, 1, 2], root: root)
    #expect(keys[0] != keys[1])
  }
}
