import ModelServerSimulator
import Testing

@Suite struct EngineTests {
  /// Round numbers: a token of prefill takes 1 ms, a decode step 10 ms whatever the batch.
  private func makeEngine(
    sequences: Int = 8, batchedTokens: Int = 1024, blocks: Int = 64, blockSize: Int = 4
  ) throws -> Engine {
    var configuration = EngineConfiguration()
    configuration.prefillTokensPerSecond = 1000
    configuration.decodeStepSeconds = 0.010
    configuration.decodeStepPerSequenceSeconds = 0
    configuration.maxSequences = sequences
    configuration.maxBatchedTokens = batchedTokens
    configuration.blockCount = blocks
    configuration.blockSize = blockSize
    return try Engine(configuration: configuration)
  }

  private func milliseconds(_ value: Double) -> EngineInstant { EngineInstant(seconds: value / 1000) }

  /// Chained hashes for `count` blocks of the conversation `name`; `count` blocks are a prefix of `count + 1`.
  private func hashes(_ name: UInt64, _ count: Int) -> [UInt64] { (0..<UInt64(count)).map { name << 32 | $0 } }

  private func request(_ prompt: Int, output: Int, _ hashes: [UInt64] = []) -> EngineRequest {
    EngineRequest(promptTokens: prompt, blockHashes: hashes, outputTokens: output)
  }

  private func time(of kind: EngineEvent.Kind, in events: [EngineEvent]) throws -> Double {
    try #require(events.first { $0.kind == kind }).time.seconds * 1000
  }

  @Test func oneRequestTakesItsPrefillAndOneStepAToken() throws {
    var engine = try makeEngine()
    #expect(engine.nextEventTime == nil)
    let id = try engine.submit(request(100, output: 3), at: milliseconds(5))
    #expect(engine.nextEventTime == milliseconds(5))
    let events = engine.advance(to: milliseconds(1000))
    #expect(try time(of: .scheduled(id, cachedTokens: 0), in: events) == 5)
    #expect(try time(of: .firstToken(id), in: events) == 105)
    #expect(events.filter { $0.kind == .token(id) }.map { $0.time } == [milliseconds(115), milliseconds(125)])
    #expect(events.last == EngineEvent(time: milliseconds(125), kind: .finished(id)))
    #expect(engine.nextEventTime == nil)
    #expect(engine.runningCount == 0)
    #expect(engine.usedBlocks == 0)
    #expect(engine.statistics.outputTokens == 3)
    #expect(engine.statistics.promptTokens == 100)
  }

  @Test func anAdvanceInManyPartsTellsTheSameAsOneAdvance() throws {
    var whole = try makeEngine(sequences: 2, batchedTokens: 32, blocks: 12)
    var parts = whole
    for prompt in [20, 9, 17] {
      _ = try whole.submit(request(prompt, output: 6, hashes(1, prompt / 4)), at: .zero)
      _ = try parts.submit(request(prompt, output: 6, hashes(1, prompt / 4)), at: .zero)
    }
    var events: [EngineEvent] = []
    while let next = parts.nextEventTime { parts.advance(to: next, events: &events) }
    #expect(events == whole.advance(to: milliseconds(10_000)))
    #expect(parts.statistics == whole.statistics)
    #expect(whole.statistics.finished == 3)
  }

  @Test func laterRequestsWaitForAPlaceInTheBatchInTheOrderOfArrival() throws {
    var engine = try makeEngine(sequences: 2)
    let ids = try (0..<4).map { _ in try engine.submit(request(10, output: 2), at: .zero) }
    _ = engine.advance(to: .zero)
    #expect(engine.runningCount == 2)
    #expect(engine.waitingCount == 2)
    let events = engine.advance(to: milliseconds(1000))
    let order = events.compactMap { event in
      if case .scheduled(let id, _) = event.kind { id } else { nil }
    }
    #expect(order == [ids[2], ids[3]])
    #expect(try time(of: .scheduled(ids[2], cachedTokens: 0), in: events) == time(of: .finished(ids[0]), in: events))
    #expect(engine.statistics.maxRunning == 2)
  }

  @Test func aLongPromptIsComputedInPartsWhileOthersGoOnDecoding() throws {
    var engine = try makeEngine(batchedTokens: 21)
    let short = try engine.submit(request(10, output: 50), at: .zero)
    _ = engine.advance(to: milliseconds(10))
    let long = try engine.submit(request(100, output: 1), at: milliseconds(10))
    let events = engine.advance(to: milliseconds(2000))
    // Each step decodes one token and has room for 20 of the 100 prompt tokens; one step was under way already.
    #expect(try time(of: .firstToken(long), in: events) == 20 + 5 * 30)
    let tokensMeanwhile = events.filter { $0.kind == .token(short) && $0.time <= milliseconds(170) }
    #expect(tokensMeanwhile.count == 6)
    #expect(!events.contains { if case .step(let tokens) = $0.kind { tokens > 21 } else { false } })
  }

  @Test func aSharedPrefixMakesTheSecondFirstTokenEarlier() throws {
    var engine = try makeEngine()
    let first = try engine.submit(request(42, output: 1, hashes(7, 10)), at: .zero)
    let before = engine.advance(to: milliseconds(1000))
    let second = try engine.submit(request(42, output: 1, hashes(7, 10)), at: milliseconds(1000))
    let after = engine.advance(to: milliseconds(2000))
    #expect(try time(of: .firstToken(first), in: before) == 42)
    // 40 tokens are cached; the 2 left cost less than the shortest step.
    #expect(try time(of: .scheduled(second, cachedTokens: 40), in: after) == 1000)
    #expect(try time(of: .firstToken(second), in: after) == 1010)
    #expect(engine.statistics.cachedTokens == 40)
    #expect(engine.statistics.queriedTokens == 84)
  }

  @Test func theLastTokenIsComputedEvenWhenAllBlocksAreCached() throws {
    var engine = try makeEngine()
    for arrival in [0.0, 1000] {
      _ = try engine.submit(request(40, output: 1, hashes(7, 10)), at: milliseconds(arrival))
      _ = engine.advance(to: milliseconds(arrival + 500))
    }
    #expect(engine.statistics.cachedTokens == 36)
  }

  @Test func theLeastRecentlyReleasedBlocksAreEvictedFirst() throws {
    var engine = try makeEngine(blocks: 20)
    func run(_ name: UInt64) throws -> Int {
      let cached = engine.statistics.cachedTokens
      _ = try engine.submit(request(33, output: 1, hashes(name, 8)), at: engine.now)
      _ = engine.advance(to: engine.now.advanced(byNanoseconds: 1_000_000_000))
      return engine.statistics.cachedTokens - cached
    }
    #expect(try run(1) == 0)
    #expect(try run(2) == 0)
    // Using 1 again makes 2 the older one; 3 then takes the two never used blocks and those of 2, tail first.
    #expect(try run(1) == 32)
    #expect(try run(3) == 0)
    #expect(try run(1) == 32)
    #expect(try run(2) < 32)
  }

  @Test func sequencesWithOnePrefixShareItsBlocks() throws {
    var engine = try makeEngine()
    _ = try engine.submit(request(41, output: 9, hashes(7, 10)), at: .zero)
    _ = try engine.submit(request(41, output: 9, hashes(7, 10)), at: .zero)
    _ = engine.advance(to: .zero)
    #expect(engine.runningCount == 2)
    #expect(engine.usedBlocks == 12)
    #expect(engine.cacheUsage == 12.0 / 64)
  }

  @Test func cancellingFreesTheBlocksAndSilencesTheSequence() throws {
    var engine = try makeEngine(sequences: 1)
    let running = try engine.submit(request(40, output: 50), at: .zero)
    let waiting = try engine.submit(request(40, output: 50), at: .zero)
    let last = try engine.submit(request(40, output: 1), at: .zero)
    _ = engine.advance(to: milliseconds(60))
    #expect(engine.usedBlocks > 0)
    engine.cancel(running)
    engine.cancel(running)
    #expect(engine.usedBlocks == 0)
    engine.cancel(waiting)
    let events = engine.advance(to: milliseconds(5000))
    #expect(events.map { $0.kind }.filter { $0 == .token(running) || $0 == .firstToken(waiting) }.isEmpty)
    #expect(events.last?.kind == .finished(last))
    #expect(engine.statistics.cancelled == 2)
    #expect(engine.nextEventTime == nil)
  }

  @Test func aPromptWithoutFreeBlocksWaitsThoughTheBatchHasRoom() throws {
    var engine = try makeEngine(blocks: 16)
    let first = try engine.submit(request(40, output: 5), at: .zero)
    let second = try engine.submit(request(40, output: 5), at: .zero)
    _ = engine.advance(to: .zero)
    #expect(engine.runningCount == 1)
    #expect(engine.waitingCount == 1)
    let events = engine.advance(to: milliseconds(5000))
    #expect(
      try time(of: .scheduled(second, cachedTokens: 0), in: events) == time(of: .finished(first), in: events))
    #expect(engine.statistics.preemptions == 0)
  }

  @Test func outputThatOutgrowsTheCachePreemptsTheNewestSequence() throws {
    var engine = try makeEngine(blocks: 10)
    let old = try engine.submit(request(16, output: 20), at: .zero)
    let new = try engine.submit(request(16, output: 20), at: .zero)
    let events = engine.advance(to: milliseconds(60_000))
    #expect(events.contains { $0.kind == .preempted(new) })
    #expect(!events.contains { $0.kind == .preempted(old) })
    #expect(try time(of: .finished(old), in: events) < time(of: .finished(new), in: events))
    for id in [old, new] {
      #expect(events.filter { $0.kind == .firstToken(id) }.count == 1)
      #expect(events.filter { $0.kind == .token(id) }.count == 19)
    }
    #expect(engine.usedBlocks == 0)
  }

  @Test func whatCanNeverRunIsRefused() throws {
    var engine = try makeEngine(blocks: 10)
    #expect(throws: EngineRequestError.exceedsCache(capacityTokens: 40)) {
      try engine.submit(request(30, output: 12), at: .zero)
    }
    #expect(throws: EngineRequestError.exceedsCache(capacityTokens: 40)) {
      try engine.submit(request(Int.max, output: Int.max), at: .zero)
    }
    #expect(throws: EngineRequestError.noOutput) { try engine.submit(request(1, output: 0), at: .zero) }
    let id = try engine.submit(request(30, output: 11), at: .zero)
    #expect(engine.advance(to: milliseconds(1000)).last?.kind == .finished(id))
  }

  @Test func settingsOutOfRangeAreNamed() {
    var configuration = EngineConfiguration()
    configuration.blockSize = 0
    #expect(throws: ConfigurationError(field: "block-size", reason: "is 0, must be 1...4096")) {
      _ = try Engine(configuration: configuration)
    }
    configuration.blockSize = 16
    configuration.prefillTokensPerSecond = .nan
    #expect(throws: ConfigurationError.self) { _ = try Engine(configuration: configuration) }
  }

  /// Whatever is submitted and cancelled, every block comes back and every request ends once.
  @Test(arguments: 0..<20 as Range<UInt64>) func randomLoadLosesNothing(seed: UInt64) throws {
    var engine = try makeEngine(sequences: 5, batchedTokens: 24, blocks: 30)
    var state = seed
    func random(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    var events: [EngineEvent] = []
    var ids: [SequenceID] = []
    for _ in 0..<200 {
      let prompt = 1 + random(80)
      ids.append(
        try engine.submit(
          request(prompt, output: 1 + random(40), hashes(UInt64(random(3)), prompt / 4)), at: engine.now))
      if random(4) == 0 { engine.cancel(ids[random(UInt64(ids.count))]) }
      engine.advance(to: engine.now.advanced(byNanoseconds: Int64(random(200_000_000))), events: &events)
      #expect(engine.usedBlocks <= 30)
      #expect(engine.runningCount <= 5)
    }
    while let next = engine.nextEventTime { engine.advance(to: next, events: &events) }
    let statistics = engine.statistics
    #expect(statistics.finished + statistics.cancelled == 200)
    #expect(engine.usedBlocks == 0)
    #expect(engine.waitingCount == 0)
    #expect(
      Set(events.filter { if case .finished = $0.kind { true } else { false } }.map { "\($0.kind)" }).count
        == statistics.finished)
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time })
  }
}
