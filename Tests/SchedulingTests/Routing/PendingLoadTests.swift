import Endpoints
import Scheduling
import Testing

/// Where requests go that arrive between two scrapes, under the built-in default configuration.
@Suite struct PendingLoadTests {
  private let requests = Requests()

  /// Places requests with different prompts, and returns how many each endpoint got.
  private func burst(
    _ count: Int, on pool: TestPool, by scheduler: Scheduler
  ) throws -> (counts: [Int], placements: [Placement]) {
    var counts = pool.table.snapshot().endpoints.map { _ in 0 }
    var placements: [Placement] = []
    for number in 0..<count {
      let placement = try pool.place(try requests.chat("question \(number) about \(number * 7)"), by: scheduler)
      counts[placement.endpoint.slot] += 1
      placements.append(placement)
    }
    return (counts, placements)
  }

  @Test func burstBetweenScrapesSpreadsEvenly() throws {
    let pool = TestPool(8)
    let (counts, placements) = try burst(1_000, on: pool, by: try loadDefault().scheduler)
    #expect(counts.allSatisfy { (100...150).contains($0) }, "\(counts)")
    #expect(placements.count == 1_000)
  }

  /// Endpoint 6 was idle at the last scrape, the others had one waiting request.
  @Test func scrapedValuesAloneSendABurstToOneEndpoint() throws {
    let queues: [Double] = [1, 1, 1, 1, 1, 0, 1, 1]
    let blind = TestPool(8)
    blind.store(.waitingQueueSize, queues)
    blind.cycle.countsPendingRequests = false
    #expect(try burst(1_000, on: blind, by: try loadDefault().scheduler).counts == [0, 0, 0, 0, 0, 1_000, 0, 0])

    let seeing = TestPool(8)
    seeing.store(.waitingQueueSize, queues)
    let counts = try burst(1_000, on: seeing, by: try loadDefault().scheduler).counts
    #expect(counts.allSatisfy { (100...150).contains($0) }, "\(counts)")
  }

  @Test func loadedEndpointGetsNothingOfTheBurst() throws {
    let pool = TestPool(8)
    pool.store(.waitingQueueSize, [0, 0, 1_000, 0, 0, 0, 0, 0])
    let counts = try burst(700, on: pool, by: try loadDefault().scheduler).counts
    #expect(counts[2] == 0)
    #expect(counts.enumerated().allSatisfy { $0.offset == 2 || (80...120).contains($0.element) }, "\(counts)")
  }

  @Test func endpointThatFreesItselfGetsMore() throws {
    let pool = TestPool(2)
    let scheduler = try loadDefault().scheduler
    let first = try burst(10, on: pool, by: scheduler)
    #expect(first.counts == [5, 5])
    for placement in first.placements where placement.endpoint.id.name == "pod-2" { placement.end() }
    #expect(try burst(5, on: pool, by: scheduler).counts == [0, 5])
  }

  @Test func endedRequestsLeaveNoLoad() throws {
    let pool = TestPool(8)
    let (_, placements) = try burst(200, on: pool, by: try loadDefault().scheduler)
    let slots = pool.table.snapshot().endpoints.map(\.slot)
    #expect(slots.reduce(0) { $0 + pool.table.pendingRequests(slot: $1) } == 200)
    for placement in placements { placement.end() }
    for slot in slots {
      #expect(pool.table.pendingRequests(slot: slot) == 0)
      #expect(pool.table.inFlightRequests(slot: slot) == 0)
      #expect(pool.table.inFlightTokens(slot: slot) == 0)
    }
  }

  @Test func scrapedRequestsAreNotCountedTwice() throws {
    let pool = TestPool(4)
    let scheduler = try loadDefault().scheduler
    let (counts, placements) = try burst(40, on: pool, by: scheduler)
    #expect(counts == [10, 10, 10, 10])
    // The page of the second endpoint shows what was placed there: four wait, six run.
    let endpoint = try #require(pool.endpoint(2))
    pool.table.scrapeStarted(slot: endpoint.slot)
    pool.table.store(4, in: .waitingQueueSize, slot: endpoint.slot)
    pool.table.store(6, in: .runningRequests, slot: endpoint.slot)
    pool.table.scrapeSucceeded(slot: endpoint.slot)
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(Array(pool.cycle.queueDepths) == [10, 4, 10, 10])
    #expect(Array(pool.cycle.runningRequests) == [10, 6, 10, 10])
    #expect(try burst(6, on: pool, by: scheduler).counts == [0, 6, 0, 0])
    for placement in placements { placement.end() }
    // What is scraped stays until the next page; what was pending is gone.
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(Array(pool.cycle.queueDepths) == [0, 4, 0, 0])
  }
}
