import Endpoints
import Scheduling
import Testing

/// Saturation and filtering by `utilization-detector`, computed by hand (plugin algorithms, saturation detectors).
@Suite struct UtilizationDetectorTests {
  private func pool(queues: [Double], usages: [Double], ages: [Double?]) -> TestPool {
    let pool = TestPool(queues.count)
    pool.store(.waitingQueueSize, queues)
    pool.store(.kvCacheUsage, usages)
    // Halves and quarters of seconds are exact.
    pool.store(.updatedAt, ages.map { age in age.map { 100 - $0 } ?? 0 }, now: 100)
    return pool
  }

  private func detector(
    queue: Double = 5, usage: Double = 0.8, staleness: Double = 0.2, headroom: Double = 0
  ) -> UtilizationDetector {
    var parameters = UtilizationDetector.Parameters()
    parameters.queueDepthThreshold = queue
    parameters.kvCacheUtilThreshold = usage
    parameters.metricsStalenessThreshold = staleness
    parameters.headroom = headroom
    return UtilizationDetector(parameters: parameters)
  }

  @Test func defaultsAreThoseOfTheReference() {
    let parameters = UtilizationDetector.Parameters()
    #expect(parameters.queueDepthThreshold == 5)
    #expect(parameters.kvCacheUtilThreshold == 0.8)
    #expect(parameters.metricsStalenessThreshold == 0.2)
    #expect(parameters.headroom == 0)
  }

  @Test func saturationIsTheMeanOfTheGreaterLoad() {
    // max(1/4, 1/2) = 1/2; max(8/4, 0) = 2; max(0, 0.25/0.5) = 1/2; max(0, 0) = 0.
    let pool = pool(queues: [1, 8, 0, 0], usages: [0.25, 0, 0.25, 0], ages: [0, 0, 0, 0])
    #expect(detector(queue: 4, usage: 0.5).saturation(pool.cycle) == 0.75)
  }

  @Test func endpointWithoutFreshMetricsCountsAsFull() {
    let pool = pool(queues: [0, 0, 0, 0], usages: [0, 0, 0, 0], ages: [0.25, 0.5, nil, 0])
    // The first is just fresh enough.
    #expect(detector(staleness: 0.25).saturation(pool.cycle) == 0.5)
    #expect(detector(staleness: 1).saturation(pool.cycle) == 0.25)
  }

  @Test func onlyCandidatesCount() {
    let pool = pool(queues: [5, 0], usages: [0, 0], ages: [0, 0])
    pool.cycle.restrict(to: [1])
    #expect(detector().saturation(pool.cycle) == 0)
  }

  @Test func poolWithoutEndpointsIsSaturated() {
    #expect(detector().saturation(TestPool(0).cycle) == 1)
  }

  /// Requests on their way are not waiting ones: an idle server takes many more at once than may wait there.
  @Test func requestsPlacedSinceTheScrapeAreNoQueue() {
    let pool = pool(queues: [0, 4], usages: [0, 0], ages: [0, 0])
    for _ in 0..<8 { pool.reserve(pool.cycle.endpoint(0)) }
    pool.cycle.begin(SchedulingRequest(), now: 100)
    #expect(detector(queue: 4).saturation(pool.cycle) == 0.5)
    #expect(detector(queue: 4).kept(pool.cycle) == [true, false])
  }

  @Test func filterKeepsFreshEndpointsBelowBothThresholds() {
    let pool = pool(
      queues: [4, 5, 0, 0, 0, 0], usages: [0.5, 0, 0.75, 0.8, 0, 0], ages: [0, 0, 0, 0, 0.5, nil])
    #expect(detector().kept(pool.cycle) == [true, false, true, false, false, false])
  }

  @Test func headroomLetsEndpointsExceedTheThresholds() {
    // Up to but not including a queue of 6 and usage of 0.75.
    let pool = pool(queues: [5, 6, 0, 0], usages: [0, 0, 0.625, 0.75], ages: [0, 0, 0, 0])
    #expect(detector(queue: 4, usage: 0.5, headroom: 0.5).kept(pool.cycle) == [true, false, true, false])
  }

  @Test func filterKeepsAllWhenNoneWouldBeLeft() {
    let pool = pool(queues: [9, 0, 0], usages: [0, 0.9, 0], ages: [0, 0, nil])
    #expect(detector().kept(pool.cycle) == [true, true, true])
  }
}
