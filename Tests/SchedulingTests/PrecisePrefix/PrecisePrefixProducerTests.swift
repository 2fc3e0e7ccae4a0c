import Endpoints
import KVCacheEvents
import Scheduling
import Testing

/// What `precise-prefix-cache-producer` finds, with values worked out by hand.
@Suite struct PrecisePrefixProducerTests {
  private static let prompt: [UInt32] = [1, 2, 3, 4, 5, 6, 7, 8, 9]

  @Test func countsLeadingBlocksAndScoresTheirShare() throws {
    let precise = PrecisePool()
    try precise.store([1, 2, 3, 4, 5, 6], on: 1)
    try precise.store([1, 2], on: 3)
    precise.produce(try precise.requests.tokens([Self.prompt]))
    // Nine tokens are four whole blocks of two.
    #expect(precise.matched == [3, 0, 1])
    #expect(precise.total == 4)
    #expect(precise.blockSize == 2)
    #expect(precise.scores == [0.75, 0, 0.25])
    precise.remove(1, on: 1)
    precise.produce(try precise.requests.tokens([Self.prompt]))
    #expect(precise.matched == [1, 0, 1])
  }

  @Test func tiersWeighAndTheSumIsRoundedDown() throws {
    let precise = PrecisePool()
    // 0.8 four times are 3.2; one of the GPU and three of the CPU are 3.4; a weight of another tier is 1.
    try precise.store([1, 2, 3, 4, 5, 6, 7, 8], on: 1, tier: .cpu)
    try precise.store([1, 2], on: 2, tier: .gpu)
    try precise.store([1, 2, 3, 4, 5, 6, 7, 8], on: 2, tier: .cpu)
    try precise.store([1, 2, 3, 4], on: 3, tier: .other)
    precise.produce(try precise.requests.tokens([Self.prompt]))
    #expect(precise.matched == [3, 3, 2])
    let heavy = PrecisePool { $0.weights = TierWeights(gpu: 1, cpu: 0.2, other: 0) }
    try heavy.store([1, 2, 3, 4, 5, 6, 7, 8], on: 1, tier: .cpu)
    heavy.produce(try heavy.requests.tokens([Self.prompt]))
    #expect(heavy.matched == [0, 0, 0])
  }

  @Test func withoutAWholeBlockThereIsNoInformation() throws {
    let precise = PrecisePool()
    precise.produce(try precise.requests.tokens([[1]]))
    #expect(precise.matched == nil)
    #expect(precise.total == nil)
    #expect(precise.scores == [0, 0, 0])
    precise.produce(SchedulingRequest())
    #expect(precise.matched == nil)
  }

  @Test func promptsAreCountedTogether() throws {
    let precise = PrecisePool()
    try precise.store([1, 2, 3, 4], on: 1)
    try precise.store([5, 6], on: 2)
    precise.produce(try precise.requests.tokens([[1, 2, 3, 4, 9, 9], [5, 6, 7, 8], [1, 2]]))
    #expect(precise.matched == [3, 1, 0])
    #expect(precise.total == 6)
  }

  @Test func saltsModelsAndAdaptersAreApart() throws {
    let precise = PrecisePool()
    try precise.store([1, 2], on: 1)
    try precise.store([1, 2], on: 2, extras: [[Array("pepper".utf8)]])
    try precise.store([1, 2], on: 3, adapter: "sql")
    precise.produce(try precise.requests.tokens([[1, 2]]))
    #expect(precise.matched == [1, 0, 0])
    precise.produce(try precise.requests.tokens([[1, 2]], cacheSalt: "pepper"))
    #expect(precise.matched == [0, 1, 0])
    precise.produce(try precise.requests.tokens([[1, 2]], model: "sql"))
    #expect(precise.matched == [0, 0, 1])
  }

  @Test func mediaSetTheBlocksApartThatTheyOverlap() throws {
    let precise = PrecisePool()
    let (cat, dog) = (Array("cat".utf8), Array("dog".utf8))
    try precise.store([1, 2, 3, 4, 5, 6], on: 1, extras: [[], [cat], [cat, dog]])
    try precise.store([1, 2, 3, 4, 5, 6], on: 2)
    var request = try precise.requests.tokens([[1, 2, 3, 4, 5, 6]])
    request.media = [
      TokenizedMedia(prompt: 0, offset: 5, length: 9, hash: dog),
      TokenizedMedia(prompt: 0, offset: 2, length: 3, hash: cat),
      TokenizedMedia(prompt: 1, offset: 0, length: 3, hash: cat),
    ]
    precise.produce(request)
    #expect(precise.matched == [3, 1, 0])
  }

  @Test func estimatedTokensDoAsWell() throws {
    let precise = PrecisePool { $0.speculates = true }
    let scheduler = scheduler(precise)
    let endpoint = try precise.pool.place(try precise.requests.completions(["a text of 24 characters."]), by: scheduler)
      .endpoint
    precise.produce(try precise.requests.completions(["a text of 24 characters. And more"]))
    #expect(precise.total == 4)
    #expect(precise.matched?[endpoint.slot] == 3)
  }

  private func scheduler(_ precise: PrecisePool) -> Scheduler {
    let profile = SchedulingProfile(
      name: "default", filters: [], scorers: [], picker: MaxScorePicker(), pickerName: "p")
    return Scheduler(profiles: [profile], handler: SingleProfileHandler(), producers: [precise.producer])
  }

  // MARK: Speculation

  @Test func whatWasSentIsExpectedForAWhile() throws {
    let precise = PrecisePool { $0.speculates = true }
    let request = try precise.requests.tokens([Self.prompt])
    let scheduler = scheduler(precise)
    precise.pool.cycle.begin(request, now: 10)
    let primary = try scheduler.schedule(precise.pool.cycle)
    let slot = precise.pool.cycle.results[primary].endpoints[0].slot
    scheduler.requestPlaced(precise.pool.cycle, primary: primary)
    #expect(precise.producer.placedMatch(precise.pool.cycle)?.matchedBlocks == 0)
    precise.produce(request, now: 11.9)
    #expect(precise.matched?[slot] == 4)
    precise.produce(request, now: 12.1)
    #expect(precise.matched == [0, 0, 0])
  }

  @Test func nothingIsExpectedUnlessSwitchedOn() throws {
    let precise = PrecisePool()
    let request = try precise.requests.tokens([Self.prompt])
    try precise.pool.place(request, by: scheduler(precise))
    precise.produce(request)
    #expect(precise.matched == [0, 0, 0])
    #expect(precise.producer.holders.count == 0)
  }

  @Test func whoServedIsExpectedToHoldIt() throws {
    let precise = PrecisePool { $0.speculates = true }
    let request = try precise.requests.tokens([Self.prompt])
    let chosen = try precise.pool.place(request, by: scheduler(precise)).endpoint
    let note = PlacementNote()
    note.take(precise.pool.cycle, followers: [precise.producer])
    let other = try #require(precise.pool.table.snapshot().endpoints.first { $0.slot != chosen.slot })
    note.requestMoved(from: chosen.slot, to: other, followers: [precise.producer], table: precise.pool.table)
    precise.produce(request)
    #expect(precise.matched?[other.slot] == 4)
  }

  @Test func anEndpointThatIsGoneIsExpectedToHoldNothing() throws {
    let precise = PrecisePool { $0.speculates = true }
    let request = try precise.requests.tokens([Self.prompt])
    precise.producer.endpointRemoved(try precise.pool.place(request, by: scheduler(precise)).endpoint)
    precise.produce(request)
    #expect(precise.matched == [0, 0, 0])
  }

  @Test func longPromptsAreLookedUpToTheirEnd() throws {
    let precise = PrecisePool { $0.blockSize = 1 }
    let tokens = (0..<1_000).map { UInt32($0) }
    try precise.store(tokens, on: 2)
    try precise.store(Array(tokens[..<600]), on: 1)
    precise.produce(try precise.requests.tokens([tokens + [7]]))
    #expect(precise.matched == [600, 1_000, 0])
    #expect(precise.total == 1_001)
  }
}
