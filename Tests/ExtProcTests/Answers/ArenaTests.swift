import CEnvoyProtos
import ExtProc
import Testing

/// Memory for protobuf-c: grows as needed, never hands out the same bytes twice, forgets on demand.
@Suite struct ArenaTests {
  private func withArena(_ chunk: Int = 4_096, _ body: (OpaquePointer) throws -> Void) throws {
    let arena = try #require(epp_arena_create(chunk))
    defer { epp_arena_destroy(arena) }
    try body(arena)
  }

  @Test func allocationsAreApartAndAligned() throws {
    try withArena { arena in
      var random = SeededGenerator(seed: 4)
      for _ in 0..<20 {
        var blocks: [(UnsafeMutableRawPointer, Int, UInt8)] = []
        for number in 0..<300 {
          let size = [0, 1, 15, 16, 17, 500, 4_095, 4_096, 4_097, 30_000].randomElement(using: &random) ?? 0
          let pointer = try #require(epp_arena_alloc(arena, size))
          #expect(UInt(bitPattern: pointer) % 16 == 0)
          let fill = UInt8(truncatingIfNeeded: number)
          for offset in 0..<size { pointer.storeBytes(of: fill, toByteOffset: offset, as: UInt8.self) }
          blocks.append((pointer, size, fill))
        }
        for (pointer, size, fill) in blocks {
          let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
          #expect(bytes.allSatisfy { $0 == fill })
        }
        #expect(Set(blocks.map(\.0)).count == blocks.count)
        #expect(epp_arena_used(arena) >= blocks.reduce(0) { $0 + $1.1 })
        epp_arena_reset(arena)
        #expect(epp_arena_used(arena) == 0)
      }
    }
  }

  @Test func resetGivesTheFirstChunkAgain() throws {
    try withArena { arena in
      let first = try #require(epp_arena_alloc(arena, 100))
      for _ in 0..<10 { _ = epp_arena_alloc(arena, 3_000) }
      epp_arena_reset(arena)
      #expect(epp_arena_alloc(arena, 100) == first)
    }
  }

  @Test func impossibleSizesAreRefused() throws {
    try withArena { arena in
      #expect(epp_arena_alloc(arena, .max) == nil)
      #expect(epp_arena_alloc(arena, -16) == nil)
      #expect(epp_arena_alloc(arena, Int.max - 8) == nil)
      // And nothing is broken by that.
      #expect(epp_arena_alloc(arena, 10) != nil)
    }
  }

  /// One arena serves message after message.
  @Test func messagesFollowEachOther() throws {
    let packing = Packing()
    let arena = Arena()
    for round in 0..<2_000 {
      arena.reset()
      let value = String(repeating: "v", count: round * 7 % 40_000)
      let bytes = packing.requestHeaders([
        (name: "round", value: "\(round)", rawValue: ""), (name: "v", value: value, rawValue: ""),
      ])
      try bytes.withUnsafeBytes { bytes in
        guard case .headers(let view, _) = try ProcessingMessage(bytes, arena: arena).content else {
          Issue.record("no headers")
          return
        }
        #expect(view.last("round").map { String(decoding: $0, as: UTF8.self) } == "\(round)")
        #expect(view.last("v")?.count == value.utf8.count)
      }
    }
  }
}
