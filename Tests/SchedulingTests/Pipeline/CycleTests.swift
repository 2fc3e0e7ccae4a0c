import Endpoints
import Scheduling
import Testing

/// The arrays of a cycle belong to the right endpoints and to one request only.
@Suite struct CycleTests {
  private static let byQueue = Scheduler(
    profiles: [
      SchedulingProfile(
        name: "default", scorers: [.init(name: "queue", scorer: QueueScorer(), weight: 1)], picker: MaxScorePicker())
    ], handler: SingleProfileHandler())

  /// Endpoints 2, 4 and 5 in slots 1, 3 and 4.
  private func sparsePool() -> TestPool {
    let pool = TestPool(5)
    pool.table.replaceAll(with: [2, 4, 5].map(TestPool.descriptor))
    pool.cycle.begin(SchedulingRequest(), now: 0)
    return pool
  }

  @Test func columnsFollowEndpointsWhenSlotsHaveGaps() throws {
    let pool = sparsePool()
    #expect(pool.cycle.snapshot.endpoints.map(\.slot) == [1, 3, 4])
    pool.store(.waitingQueueSize, [7, 3, 9])
    pool.store(.kvCacheUsage, [0.25, 0.5, 0.75])
    #expect((0..<pool.cycle.count).map { pool.cycle.endpoint($0).id.name } == ["pod-2", "pod-4", "pod-5"])
    #expect(Array(pool.cycle.queueDepths) == [7, 3, 9])
    #expect(Array(pool.cycle.values(.kvCacheUsage)) == [0.25, 0.5, 0.75])
    #expect(try pool.pick(by: Self.byQueue) == ["pod-4"])
  }

  @Test func countersFollowEndpointsWhenSlotsHaveGaps() throws {
    let pool = sparsePool()
    pool.reserve(try #require(pool.endpoint(4)), promptTokens: 12)
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(Array(pool.cycle.pendingRequests) == [0, 1, 0])
    #expect(Array(pool.cycle.inFlightRequests) == [0, 1, 0])
    #expect(Array(pool.cycle.inFlightTokens) == [0, 12, 0])
    #expect(Array(pool.cycle.runningRequests) == [0, 1, 0])
  }

  @Test func subsetAndFiltersCombineWithGaps() throws {
    let pool = sparsePool()
    pool.store(.waitingQueueSize, [1, 5, 9])
    let filter = DroppingFilter(4)
    let profile = SchedulingProfile(
      name: "default", filters: [("drop", filter)],
      scorers: [.init(name: "queue", scorer: QueueScorer(), weight: 1)], picker: MaxScorePicker())
    pool.cycle.restrict(to: [2, 1])
    pool.cycle.trace = DecisionTrace()
    _ = try Scheduler(profiles: [profile], handler: SingleProfileHandler()).schedule(pool.cycle)
    #expect(filter.seen == [["pod-5", "pod-4"]])
    #expect(pool.cycle.trace?.candidateCount == 2)
    #expect(pool.cycle.trace?.profiles.first?.endpoints == ["10.0.0.5:8000"])
    #expect(pool.cycle.results[0].endpoints.map(\.id.name) == ["pod-5"])
  }

  @Test func onlyTheSubsetIsPicked() throws {
    let pool = TestPool(6)
    let scheduler = Scheduler(
      profiles: [SchedulingProfile(name: "default", picker: RandomPicker())], handler: SingleProfileHandler())
    var picked: Set<String> = []
    for _ in 0..<200 {
      pool.cycle.begin(SchedulingRequest(), now: 0)
      pool.cycle.restrict(to: [1, 4])
      let primary = try scheduler.schedule(pool.cycle)
      picked.formUnion(pool.cycle.results[primary].endpoints.map(\.id.name))
    }
    #expect(picked == ["pod-2", "pod-5"])
  }

  @Test func emptySubsetLeavesNoCandidate() {
    let pool = TestPool(2)
    pool.cycle.restrict(to: [])
    #expect(throws: SchedulingError.noCandidateLeft(profile: "default")) { try Self.byQueue.schedule(pool.cycle) }
  }

  @Test func nextRequestSeesNothingOfTheLast() throws {
    let space = AttributeSpace()
    let attribute = space.attribute("a", producer: "test")
    let scalar = space.attribute("b", producer: "test")
    let pool = TestPool(4)
    let profile = SchedulingProfile(name: "default", filters: [("drop", DroppingFilter(3))], picker: MaxScorePicker())
    pool.cycle.restrict(to: [0, 2])
    _ = pool.cycle.makeAttribute(attribute)
    pool.cycle.setScalar(scalar, 4)
    _ = try Scheduler(profiles: [profile], handler: SingleProfileHandler()).schedule(pool.cycle)
    #expect(pool.cycle.attribute(attribute) != nil)
    #expect(pool.cycle.results.map(\.hasRun) == [true])

    pool.cycle.begin(SchedulingRequest(), now: 1)
    #expect(pool.cycle.count == 4)
    #expect((0..<4).map { pool.cycle.endpoint($0).id.name } == ["pod-1", "pod-2", "pod-3", "pod-4"])
    #expect(pool.cycle.attribute(attribute) == nil)
    #expect(pool.cycle.scalar(scalar) == nil)
    #expect(pool.cycle.results.allSatisfy { !$0.hasRun && $0.endpoints.isEmpty })
    #expect(pool.cycle.now == 1)
    #expect(pool.cycle.request.inference == nil)
  }

  @Test func nextRequestSeesNewValuesAndEndpoints() throws {
    let pool = TestPool(2)
    pool.store(.waitingQueueSize, [0, 5])
    #expect(try pool.pick(by: Self.byQueue) == ["pod-1"])
    pool.store(.waitingQueueSize, [5, 0])
    #expect(try pool.pick(by: Self.byQueue) == ["pod-2"])
    pool.table.replaceAll(with: [1, 2, 3].map(TestPool.descriptor))
    pool.store(.waitingQueueSize, [5, 4, 0])
    #expect(try pool.pick(by: Self.byQueue) == ["pod-3"])
    pool.table.replaceAll(with: [TestPool.descriptor(1)])
    #expect(try pool.pick(by: Self.byQueue) == ["pod-1"])
  }

  /// A long-used cycle scores a request as a fresh one does, whatever came before.
  @Test func usedCycleScoresLikeAFreshOne() throws {
    let requests = Requests()
    let loaded = try loadDefault()
    let pool = TestPool(5)
    pool.store(.waitingQueueSize, [3, 1, 4, 1, 5])
    pool.store(.kvCacheUsage, [0.5, 0.25, 0, 0.75, 1])
    let prefix = String(repeating: "The same words again and again. ", count: 40)
    for number in 0..<30 {
      let request =
        switch number % 3 {
        case 0: try requests.chat("\(number) " + prefix)
        case 1: try requests.chat(prefix + "\(number)")
        default: SchedulingRequest()
        }
      try pool.place(request, by: loaded.scheduler)
    }
    for request in [try requests.chat(prefix + "end"), SchedulingRequest()] {
      let fresh = SchedulingCycle(table: pool.table, seed: 2)
      var totals: [[Double]] = []
      for cycle in [pool.cycle, fresh] {
        cycle.begin(request, now: 0)
        cycle.trace = DecisionTrace()
        _ = try loaded.scheduler.schedule(cycle)
        totals.append(try #require(cycle.trace?.profiles.first).totals)
      }
      #expect(totals[0] == totals[1])
      #expect(totals[0].count == 5)
    }
  }
}
