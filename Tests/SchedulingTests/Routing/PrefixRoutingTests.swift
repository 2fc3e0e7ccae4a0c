import Endpoints
import Scheduling
import Testing

/// Requests follow the endpoint that saw their beginning, under the built-in default configuration.
@Suite struct PrefixRoutingTests {
  private static let document = (0..<100).map { "Paragraph \($0) of a long document. " }.joined()
  private static let another = (0..<100).map { "Line \($0) of quite a different text. " }.joined()

  private let requests = Requests()
  private let pool = TestPool(4)
  private let scheduler: Scheduler

  init() throws {
    scheduler = try loadDefault(on: pool).scheduler
  }

  @Test func repeatedPrefixSticksToItsEndpointThoughItIsBusier() throws {
    var placements = [try pool.place(try requests.chat(Self.document), by: scheduler)]
    let home = placements[0].endpoint.id.name
    for question in 0..<20 {
      placements.append(try pool.place(try requests.chat(Self.document + "Question \(question)?"), by: scheduler))
    }
    #expect(placements.allSatisfy { $0.endpoint.id.name == home })
  }

  @Test func anotherPromptGoesElsewhere() throws {
    let first = try pool.place(try requests.chat(Self.document), by: scheduler)
    let other = try pool.place(try requests.chat(Self.another), by: scheduler)
    #expect(other.endpoint.id.name != first.endpoint.id.name)
    let back = try pool.place(try requests.chat(Self.document), by: scheduler)
    #expect(back.endpoint.id.name == first.endpoint.id.name)
  }

  @Test func modelsAndSaltsDoNotShareBlocks() throws {
    let first = try pool.place(try requests.chat(Self.document), by: scheduler)
    let otherModel = try pool.place(try requests.chat(Self.document, model: "qwen"), by: scheduler)
    #expect(otherModel.endpoint.id.name != first.endpoint.id.name)
    let salted = try pool.place(try requests.chat(Self.document, cacheSalt: "tenant"), by: scheduler)
    #expect(salted.endpoint.id.name != first.endpoint.id.name)
    let again = try pool.place(try requests.chat(Self.document, cacheSalt: "tenant"), by: scheduler)
    #expect(again.endpoint.id.name == salted.endpoint.id.name)
  }

  @Test func scoreIsTheMatchedPartOfTheBlocks() throws {
    // "user" and 1,020 bytes make 4 blocks of 256 bytes, of which the second request shares the first 3.
    let shared = String(repeating: "x", count: 764)
    let first = try pool.place(try requests.chat(shared + String(repeating: "a", count: 256)), by: scheduler)
    pool.cycle.begin(try requests.chat(shared + String(repeating: "b", count: 256)), now: 0)
    pool.cycle.trace = DecisionTrace()
    _ = try scheduler.schedule(pool.cycle)
    let scorer = try #require(pool.cycle.trace?.profiles.first?.scorers.first { $0.name == "prefix-cache-scorer" })
    #expect(scorer.weight == 3)
    #expect(scorer.scores == (0..<4).map { $0 == first.endpoint.slot ? 0.75 : 0 })
  }

  @Test func promptsOfARequestAreMatchedEach() throws {
    let texts = (0..<3).map { number in (0..<64).map { "\(number)-\($0)" }.joined(separator: " ").prefix(256) }
    let first = try pool.place(try requests.completions([String(texts[0]), String(texts[1])]), by: scheduler)
    pool.cycle.begin(try requests.completions([String(texts[2]), String(texts[1])]), now: 0)
    pool.cycle.trace = DecisionTrace()
    _ = try scheduler.schedule(pool.cycle)
    let scorer = try #require(pool.cycle.trace?.profiles.first?.scorers.first { $0.name == "prefix-cache-scorer" })
    #expect(scorer.scores == (0..<4).map { $0 == first.endpoint.slot ? 0.5 : 0 })
  }

  @Test func removedEndpointTakesItsBlocksAlong() throws {
    let loaded = try loadDefault(on: pool)
    let first = try pool.place(try requests.chat(Self.document), by: loaded.scheduler)
    first.end()
    let slot = first.endpoint.slot
    let staying = pool.table.snapshot().endpoints.filter { $0.slot != slot }.map { endpoint in
      EndpointDescriptor(id: endpoint.id, address: endpoint.address)
    }
    for endpoint in pool.table.replaceAll(with: staying).removed {
      for (_, producer) in loaded.plugins(ApproximatePrefixCacheProducer.self) { producer.endpointRemoved(endpoint) }
    }
    // Another endpoint takes over the slot.
    let added = pool.table.replaceAll(with: staying + [TestPool.descriptor(9)]).added
    #expect(added.map(\.slot) == [slot])
    pool.cycle.begin(try requests.chat(Self.document), now: 0)
    pool.cycle.trace = DecisionTrace()
    _ = try loaded.scheduler.schedule(pool.cycle)
    let scorer = try #require(pool.cycle.trace?.profiles.first?.scorers.first { $0.name == "prefix-cache-scorer" })
    #expect(scorer.scores == [0, 0, 0, 0])
  }
}
