import KVCacheEvents
import Testing

@Suite struct PromptKeysTests {
  private let hasher = BlockKeyHasher(blockSize: 2, seed: "42")

  /// The keys of a prompt given in pieces, made `step` at a time.
  private func keys(_ pieces: [[UInt8]], step: Int, extras: [Int: [[UInt8]]] = [:]) -> [UInt64] {
    let maker = PromptKeys(hasher: hasher)
    let memory = pieces.map { piece -> UnsafeMutableRawBufferPointer in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
      copy.copyBytes(from: piece)
      return copy
    }
    defer { for piece in memory { piece.deallocate() } }
    return memory.map { UnsafeRawBufferPointer($0) }.withUnsafeBufferPointer { segments in
      var keys: [UInt64] = []
      // The second prompt finds the memory of the first.
      for root in [1, hasher.root(model: "llama")] {
        keys = []
        maker.begin(segments, root: root)
        while maker.madeCount < maker.blockCount { maker.append(step, extras: extras, to: &keys) }
      }
      return keys
    }
  }

  private func words(_ tokens: [UInt32]) -> [UInt8] {
    tokens.flatMap { token in (0..<4).map { UInt8(truncatingIfNeeded: token >> (8 * $0)) } }
  }

  @Test func keysAreThoseOfTheHasherHoweverThePromptIsCut() {
    let bytes = words([1, 2, 3, 4])
    for step in [1, 2, 9] {
      for cut in 0...bytes.count {
        let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
        #expect(keys(pieces, step: step) == [0x656E_54FA_F2D7_75B8, 0xCA6D_BD24_F0CE_3BB6])
      }
    }
  }

  @Test func extrasSetABlockApart() {
    let salt = [Array("salt".utf8)]
    #expect(keys([words([1, 2])], step: 1, extras: [0: salt]) == [0x7DB9_C702_632C_321D])
    let expected = hasher.keys(tokens: [1, 2, 3, 4, 5, 6], root: hasher.root(model: "llama"), extras: [1: salt])
    #expect(keys([words([1, 2, 3, 4, 5, 6])], step: 2, extras: [1: salt]) == expected)
  }

  @Test func aWordThatIsNotCompleteIsPadded() {
    #expect(keys([[1, 0, 0, 0, 2]], step: 1) == [0x656E_54FA_F2D7_75B8])
    #expect(keys([[1, 0, 0, 0]], step: 1).isEmpty)
    #expect(keys([], step: 1).isEmpty)
  }

  @Test func aModelGivenAsBytesIsTheSame() {
    let root = Array("llama".utf8).withUnsafeBytes { hasher.root(model: $0) }
    #expect(root == hasher.root(model: "llama"))
  }
}
