import Endpoints
import Scheduling
import Testing

/// Scores of the load scorers, computed by hand from their definitions (plugin algorithms, scorers).
@Suite struct LoadScorerTests {
  @Test func shortestQueueScoresOneAndLongestZero() {
    let pool = TestPool(4)
    pool.store(.waitingQueueSize, [2, 4, 10, 6])
    #expect(QueueScorer().scores(pool.cycle) == [1, 0.75, 0, 0.5])
  }

  @Test func queueScoreDependsOnTheCandidatesOnly() {
    let pool = TestPool(4)
    pool.store(.waitingQueueSize, [0, 4, 8, 100])
    pool.cycle.restrict(to: [1, 2])
    #expect(QueueScorer().scores(pool.cycle) == [1, 0])
  }

  @Test(arguments: [0.0, 7.0]) func equalQueuesAllScoreOne(depth: Double) {
    let pool = TestPool(3)
    pool.store(.waitingQueueSize, [depth, depth, depth])
    #expect(QueueScorer().scores(pool.cycle) == [1, 1, 1])
  }

  @Test func oneCandidateScoresOne() {
    let pool = TestPool(1)
    pool.store(.waitingQueueSize, [90])
    #expect(QueueScorer().scores(pool.cycle) == [1])
    #expect(RunningRequestsSizeScorer().scores(pool.cycle) == [1])
  }

  @Test func requestsPlacedSinceTheScrapeLengthenTheQueue() {
    let pool = TestPool(3)
    pool.store(.waitingQueueSize, [1, 1, 5])
    for _ in 0..<2 { pool.reserve(pool.cycle.endpoint(0)) }
    pool.cycle.begin(SchedulingRequest(), now: 0)
    // Queues of 3, 1 and 5.
    #expect(QueueScorer().scores(pool.cycle) == [0.5, 1, 0])
    pool.cycle.countsPendingRequests = false
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(QueueScorer().scores(pool.cycle) == [1, 1, 0])
  }

  @Test func smallestBatchScoresOneAndLargestZero() {
    let pool = TestPool(5)
    pool.store(.runningRequests, [16, 0, 8, 12, 4])
    #expect(RunningRequestsSizeScorer().scores(pool.cycle) == [0, 1, 0.5, 0.25, 0.75])
  }

  @Test func runningRequestsDoNotMoveTheQueueScore() {
    let pool = TestPool(2)
    pool.store(.runningRequests, [16, 0])
    #expect(QueueScorer().scores(pool.cycle) == [1, 1])
    #expect(RunningRequestsSizeScorer().scores(pool.cycle) == [0, 1])
  }

  @Test func freePartOfTheCacheIsTheScore() {
    let pool = TestPool(4)
    pool.store(.kvCacheUsage, [0, 0.25, 0.5, 1])
    #expect(KVCacheUtilizationScorer().scores(pool.cycle) == [1, 0.75, 0.5, 0])
  }

  @Test func endpointNeverScrapedScoresAsIdle() {
    let pool = TestPool(2)
    pool.store(.waitingQueueSize, [0, 3])
    pool.store(.kvCacheUsage, [0, 0.5])
    pool.store(.runningRequests, [0, 9])
    #expect(QueueScorer().scores(pool.cycle) == [1, 0])
    #expect(RunningRequestsSizeScorer().scores(pool.cycle) == [1, 0])
    #expect(KVCacheUtilizationScorer().scores(pool.cycle) == [1, 0.5])
  }
}
