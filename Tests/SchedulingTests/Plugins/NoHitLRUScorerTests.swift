import Endpoints
import Scheduling
import Testing

/// `no-hit-lru-scorer` (plugin algorithms, scorers).
@Suite struct NoHitLRUScorerTests {
  private let space = AttributeSpace()

  private func scorer(size: Int = 1_024) -> NoHitLRUScorer {
    NoHitLRUScorer(size: size, match: PrefixMatchAttributes(space, producer: nil), attributes: space)
  }

  private func scheduler(_ scorer: NoHitLRUScorer) -> Scheduler {
    Scheduler(
      profiles: [
        SchedulingProfile(
          name: "default", scorers: [.init(name: "lru", scorer: scorer, weight: 1)], picker: MaxScorePicker())
      ], handler: SingleProfileHandler(), observers: [scorer])
  }

  /// Places requests without a hit and tells where they went.
  private func place(_ count: Int, _ pool: TestPool, _ scheduler: Scheduler) throws -> [String] {
    try (0..<count).map { _ in
      let placement = try pool.place(by: scheduler)
      defer { placement.end() }
      return placement.endpoint.id.name
    }
  }

  @Test func neverUsedCandidatesComeFirstInOrder() {
    #expect(scorer().scores(TestPool(5).cycle) == [1, 0.75, 0.5, 0.25, 0])
    #expect(scorer().scores(TestPool(1).cycle) == [1])
  }

  @Test func anyHitMakesAllEqual() {
    let pool = TestPool(3)
    pool.match([0, 1, 0], of: 4, space)
    #expect(scorer().scores(pool.cycle) == [0.5, 0.5, 0.5])
    pool.match([0, 0, 0], of: 4, space)
    #expect(scorer().scores(pool.cycle) == [1, 0.5, 0])
  }

  @Test func coldRequestsGoAround() throws {
    let pool = TestPool(3)
    #expect(
      try place(6, pool, scheduler(scorer())) == ["pod-1", "pod-2", "pod-3", "pod-1", "pod-2", "pod-3"])
  }

  @Test func longestUnusedComesAfterNeverUsed() throws {
    let pool = TestPool(5)
    let scorer = scorer()
    _ = try place(2, pool, scheduler(scorer))
    pool.cycle.begin(SchedulingRequest(), now: 0)
    // Never used: 3, 4, 5 get 1, 3/4, 2/4; then 1 with rank 3 and 2 with rank 4.
    #expect(scorer.scores(pool.cycle) == [0.25, 0, 1, 0.75, 0.5])
  }

  @Test func rankIsThatInTheWholeList() throws {
    let pool = TestPool(4)
    let scorer = scorer()
    _ = try place(4, pool, scheduler(scorer))
    pool.cycle.begin(SchedulingRequest(), now: 0)
    pool.cycle.restrict(to: [1, 3])
    // Places 1 and 3 in a list of four, beyond the one step there is between two candidates.
    #expect(scorer.scores(pool.cycle) == [0, 0])
  }

  @Test func warmRequestsLeaveTheListAlone() throws {
    let pool = TestPool(2)
    let scorer = scorer()
    let scheduler = scheduler(scorer)
    _ = try place(1, pool, scheduler)
    for _ in 0..<3 {
      pool.cycle.begin(SchedulingRequest(), now: 0)
      pool.match([1, 0], of: 1, space)
      scheduler.requestPlaced(pool.cycle, primary: try scheduler.schedule(pool.cycle))
    }
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(scorer.scores(pool.cycle) == [0, 1])
  }

  @Test func listIsBounded() throws {
    let pool = TestPool(3)
    // With room for one endpoint only the last one used is known.
    #expect(try place(4, pool, scheduler(scorer(size: 1))) == ["pod-1", "pod-2", "pod-1", "pod-2"])
  }

  @Test func newEndpointInAnOldSlotWasNeverUsed() throws {
    let pool = TestPool(2)
    let scorer = scorer()
    _ = try place(1, pool, scheduler(scorer))
    pool.table.replaceAll(with: [TestPool.descriptor(2)])
    pool.table.replaceAll(with: [TestPool.descriptor(2), TestPool.descriptor(9)])
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(pool.cycle.endpoint(0).id.name == "pod-9")
    #expect(scorer.scores(pool.cycle) == [1, 0])
  }
}
