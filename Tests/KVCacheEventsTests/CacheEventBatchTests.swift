import KVCacheEvents
import Testing

@Suite struct CacheEventBatchTests {
  private func batch(_ events: [MessagePack], rank: MessagePack? = nil) -> CacheEventBatch? {
    let values: [MessagePack] = [.float(1.5), .array(events)] + (rank.map { [$0] } ?? [])
    return CacheEventBatch(payload: MessagePack.array(values).bytes[...])
  }

  private func integers(_ values: UInt64...) -> MessagePack { .array(values.map { .integer($0) }) }

  /// Bytes put down by hand from the format's description, in the compact forms that servers use.
  @Test func readsTheBytesOfAServer() {
    let payload: [UInt8] =
      [0x93, 0xCB, 0, 0, 0, 0, 0, 0, 0, 0, 0x92]  // [0.0, [two events], rank]
      + [0x97, 0xAB] + Array("BlockStored".utf8)
      + [0x91, 0xCD, 0x01, 0x00, 0xC0, 0x92, 0x05, 0xCE, 0, 1, 0, 0, 0x02, 0xC0, 0xA3] + Array("GPU".utf8)
      + [0x91, 0xB0] + Array("AllBlocksCleared".utf8)
      + [0x03]
    let batch = CacheEventBatch(payload: payload[...])
    #expect(
      batch?.events == [
        .stored(StoredBlocks(hashes: [256], parent: nil, tokens: [5, 65_536], blockSize: 2)), .cleared,
      ])
    #expect(batch?.rank == 3)
  }

  @Test func readsEveryFieldOfAnArray() {
    let event = MessagePack.array([
      .text("BlockStored"), .array([.binary([9, 9, 0, 0, 0, 0, 0, 0, 1, 2]), .negative(-1)]), .integer(7),
      integers(1, 2, 3, 4), .integer(2), .null, .text("CPU"), .text("sql"),
      .array([.null, .array([.text("sql"), .array([.text("image"), .integer(3)]), .text("salt")])]),
      .integer(0), .text("full_attention"), .null, .text("from a later version"),
    ])
    let expected = StoredBlocks(
      hashes: [0x0102, .max], parent: 7, tokens: [1, 2, 3, 4], blockSize: 2, tier: .cpu, adapter: "sql",
      extras: [[], [Array("image".utf8), Array("salt".utf8)]])
    #expect(batch([event], rank: .null)?.events == [.stored(expected)])
  }

  @Test func readsMaps() {
    let stored = MessagePack.map([
      ("block_hashes", integers(1)), ("type", .text("BlockStored")), ("token_ids", integers(8, 9)),
      ("block_size", .integer(2)), ("novelty", .map([("a", .array([.null]))])),
    ])
    let removed = MessagePack.map([
      ("type", .text("BlockRemoved")), ("block_hashes", integers(1, 2)), ("medium", .text("disk")),
      ("group_idx", .integer(4)),
    ])
    #expect(
      batch([stored, removed])?.events == [
        .stored(StoredBlocks(hashes: [1], parent: nil, tokens: [8, 9], blockSize: 2)),
        .removed(hashes: [1, 2], tier: .other, group: 4),
      ])
  }

  @Test func countsEventsThatItDoesNotKnow() {
    let batch = batch([.array([.text("BlockMigrated"), integers(1)]), .array([.text("AllBlocksCleared")])])
    #expect(batch?.unknownEvents == 1)
    #expect(batch?.events == [.cleared])
  }

  @Test func tellsPartialLayersApart() {
    let event = MessagePack.map([
      ("type", .text("BlockStored")), ("kv_cache_spec_kind", .text("sliding_window")), ("group_idx", .integer(1)),
    ])
    #expect(batch([event])?.events == [.storedPartially(group: 1)])
  }

  @Test(
    arguments: [
      // Tokens that do not fill the blocks, no blocks, no size, a size beyond any, a token beyond 32 bits.
      ([1], [1, 2, 3], 2), ([], [], 2), ([1], [], 0), ([1], [1], UInt64.max), ([1], [1 << 32], 1),
    ] as [([UInt64], [UInt64], UInt64)])
  func refusesContradictions(hashes: [UInt64], tokens: [UInt64], size: UInt64) {
    let event = MessagePack.array([
      .text("BlockStored"), .array(hashes.map { .integer($0) }), .null, .array(tokens.map { .integer($0) }),
      .integer(size),
    ])
    #expect(batch([event]) == nil)
  }

  @Test(
    arguments: [
      [], [0xC1], [0x92], [0xDD, 0xFF, 0xFF, 0xFF, 0xFF], [0x92, 0xC0, 0xDF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x92, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF, 0x90], [0x92, 0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x90],
    ] as [[UInt8]])
  func refusesLengthsBeyondTheEnd(payload: [UInt8]) {
    #expect(CacheEventBatch(payload: payload[...]) == nil)
  }

  @Test func deepNestingIsReadWithoutRecursion() {
    let payload = [0x92] + Array(repeating: UInt8(0x91), count: 1_000_000) + [0xC0, 0x90]
    #expect(CacheEventBatch(payload: payload[...])?.events == [])
  }

  @Test func damagedPayloadsAreReadOrRefused() {
    let event = MessagePack.array([
      .text("BlockStored"), integers(1, 2), .integer(7), integers(1, 2, 3, 4), .integer(2), .null, .text("GPU"),
      .null, .array([.null, .array([.text("a")])]),
    ])
    let whole = MessagePack.array([.float(0), .array([event, event])]).bytes
    for length in 0..<whole.count {
      #expect(CacheEventBatch(payload: whole[..<length]) == nil)
    }
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // Whatever comes out must be consistent.
      for case .stored(let blocks) in CacheEventBatch(payload: damaged[...])?.events ?? [] {
        #expect(blocks.tokens.count == blocks.hashes.count * blocks.blockSize)
      }
    }
  }
}
