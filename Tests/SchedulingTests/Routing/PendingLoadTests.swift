import Endpoints
import Scheduling
import Testing

/// Where requests go that arrive between two scrapes, under the built-in default configuration.
@Suite struct PendingLoadTests {
  private let requests = Requests()

  /// Places requests with different prompts, and returns how many each endpoint got.
  private func burst(_ count: Int, on pool: TestPool, by scheduler: Scheduler) throws -> [Int] {
    var counts = pool.table.snapshot().endpoints.map { _ in 0 }
    for number in 0..<count {
      let request = try requests.chat("question \(pool.placements.count) about \(number * 7)")
      counts[try pool.place(request, by: scheduler).endpoint.slot] += 1
    }
    return counts
  }

  @Test func burstBetweenScrapesSpreadsEvenly() throws {
    let pool = TestPool(8)
    let counts = try burst(1_000, on: pool, by: try loadDefault(on: pool).scheduler)
    #expect(counts == Array(repeating: 125, count: 8))
  }

  /// Endpoint 6 was idle at the last scrape, the others had one waiting request.
  @Test func scrapedValuesAloneSendABurstToOneEndpoint() throws {
    let queues: [Double] = [1, 1, 1, 1, 1, 0, 1, 1]
    let blind = TestPool(8)
    blind.store(.waitingQueueSize, queues)
    blind.cycle.countsPendingRequests = false
    #expect(try burst(1_000, on: blind, by: try loadDefault(on: blind).scheduler) == [0, 0, 0, 0, 0, 1_000, 0, 0])

    let seeing = TestPool(8)
    seeing.store(.waitingQueueSize, queues)
    let counts = try burst(1_000, on: seeing, by: try loadDefault(on: seeing).scheduler)
    #expect(counts.allSatisfy { (100...150).contains($0) }, "\(counts)")
  }

  @Test func loadedEndpointGetsNothingOfTheBurst() throws {
    let pool = TestPool(8)
    pool.store(.waitingQueueSize, [0, 0, 1_000, 0, 0, 0, 0, 0])
    let counts = try burst(700, on: pool, by: try loadDefault(on: pool).scheduler)
    #expect(counts[2] == 0)
    #expect(counts.enumerated().allSatisfy { $0.offset == 2 || (80...120).contains($0.element) }, "\(counts)")
  }

  @Test func endpointThatFreesItselfGetsMore() throws {
    let pool = TestPool(2)
    let scheduler = try loadDefault(on: pool).scheduler
    #expect(try burst(10, on: pool, by: scheduler) == [5, 5])
    let second = try #require(pool.endpoint(2))
    pool.endRequests(on: second)
    #expect(try burst(5, on: pool, by: scheduler) == [0, 5])
  }

  @Test func endedRequestsLeaveNoLoad() throws {
    let pool = TestPool(8)
    _ = try burst(200, on: pool, by: try loadDefault(on: pool).scheduler)
    let slots = pool.table.snapshot().endpoints.map(\.slot)
    #expect(slots.reduce(0) { $0 + pool.table.pendingRequests(slot: $1) } == 200)
    pool.endRequests()
    for slot in slots {
      #expect(pool.table.pendingRequests(slot: slot) == 0)
      #expect(pool.table.inFlightRequests(slot: slot) == 0)
      #expect(pool.table.inFlightTokens(slot: slot) == 0)
    }
  }

  @Test func scrapedRequestsAreNotCountedTwice() throws {
    let pool = TestPool(4)
    let scheduler = try loadDefault(on: pool).scheduler
    #expect(try burst(40, on: pool, by: scheduler) == [10, 10, 10, 10])
    // The page of the second endpoint shows what was placed there: four wait, six run.
    let endpoint = try #require(pool.endpoint(2))
    pool.table.scrapeStarted(slot: endpoint.slot)
    pool.table.store(4, in: .waitingQueueSize, slot: endpoint.slot)
    pool.table.store(6, in: .runningRequests, slot: endpoint.slot)
    pool.table.scrapeSucceeded(slot: endpoint.slot)
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(Array(pool.cycle.queueDepths) == [10, 4, 10, 10])
    #expect(Array(pool.cycle.runningRequests) == [10, 6, 10, 10])
    #expect(try burst(6, on: pool, by: scheduler) == [0, 6, 0, 0])
    pool.endRequests()
    // What is scraped stays until the next page; what was pending is gone.
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(Array(pool.cycle.queueDepths) == [0, 4, 0, 0])
  }
}
