import Endpoints
import Scheduling
import Testing

/// One profile: filters, weighted scores, picker.
@Suite struct ProfileTests {
  private func trace(
    _ pool: TestPool, filters: [any Filter] = [], scorers: [(any Scorer, weight: Double)] = [],
    picker: any Picker = MaxScorePicker()
  ) throws -> DecisionTrace.ProfileTrace {
    let profile = SchedulingProfile(
      name: "default", filters: filters.enumerated().map { ("filter-\($0)", $1) },
      scorers: scorers.enumerated().map { .init(name: "scorer-\($0)", scorer: $1.0, weight: $1.weight) },
      picker: picker)
    pool.cycle.begin(SchedulingRequest(), now: 0)
    pool.cycle.trace = DecisionTrace()
    _ = try Scheduler(profiles: [profile], handler: SingleProfileHandler()).schedule(pool.cycle)
    return try #require(pool.cycle.trace?.profiles.first)
  }

  @Test func weightedScoresAddUp() throws {
    let trace = try trace(
      TestPool(2), scorers: [(FixedScorer([1: 0.25, 2: 1]), 60), (FixedScorer([1: 0.75]), 40)])
    #expect(trace.totals == [45, 60])
    #expect(trace.scorers.map(\.weight) == [60, 40])
    #expect(trace.scorers.map(\.scores) == [[0.25, 1], [0.75, 0]])
    #expect(trace.picks == ["10.0.0.2:8000"])
  }

  /// Scorers that store every score and those that count on zeros, in any order.
  @Test(arguments: ["oo", "of", "fo", "ffo", "off", "ofof", "foof"])
  func noScorerSeesTheScoresOfAnother(order: String) throws {
    let scorers = order.map { ($0 == "o" ? OverwritingOne(score: 0.75) : FixedScorer([2: 0.5])) as any Scorer }
    let trace = try trace(TestPool(3), scorers: scorers.map { ($0, 2) })
    let all = Double(order.filter { $0 == "o" }.count) * 1.5
    #expect(trace.totals == [all, all + Double(order.filter { $0 == "f" }.count), all])
  }

  @Test func scoresAreClampedBeforeTheWeight() throws {
    let scores: [Int: Double] = [1: 1.75, 2: -0.5, 3: .nan, 4: .infinity, 5: -.infinity, 6: 0.5]
    let trace = try trace(TestPool(6), scorers: [(FixedScorer(scores), 2), (FixedScorer([3: 0.25]), 1)])
    #expect(trace.scorers[0].scores == [1, 0, 0, 1, 0, 0.5])
    #expect(trace.totals == [2, 0, 0.25, 2, 0, 1])
  }

  @Test func negativeWeightPrefersLowScores() throws {
    let trace = try trace(
      TestPool(3), scorers: [(FixedScorer([1: 1, 2: 0.25, 3: 0.5]), -2), (FixedScorer([1: 1, 2: 1, 3: 1]), 1)])
    #expect(trace.totals == [-1, 0.5, 0])
    #expect(trace.picks == ["10.0.0.2:8000"])
  }

  @Test func zeroWeightCountsNothing() throws {
    let trace = try trace(TestPool(2), scorers: [(FixedScorer([1: 1]), 0), (FixedScorer([2: 0.5]), 1)])
    #expect(trace.picks == ["10.0.0.2:8000"])
  }

  @Test func filtersRunInOrderOnWhatIsLeft() throws {
    let first = DroppingFilter(2, 4)
    let second = DroppingFilter(1)
    let third = DroppingFilter()
    let trace = try trace(
      TestPool(5), filters: [first, second, third], scorers: [(FixedScorer([1: 1, 2: 1, 3: 0.5, 5: 0.75]), 1)])
    #expect(first.seen == [["pod-1", "pod-2", "pod-3", "pod-4", "pod-5"]])
    #expect(second.seen == [["pod-1", "pod-3", "pod-5"]])
    #expect(third.seen == [["pod-3", "pod-5"]])
    #expect(trace.filters.map(\.name) == ["filter-0", "filter-1", "filter-2"])
    #expect(trace.filters.map(\.left) == [3, 2, 2])
    #expect(trace.endpoints == ["10.0.0.3:8000", "10.0.0.5:8000"])
    #expect(trace.picks == ["10.0.0.5:8000"])
  }

  @Test func scoresAreRelativeToTheCandidatesLeft() throws {
    let pool = TestPool(4)
    pool.store(.waitingQueueSize, [0, 2, 4, 6])
    let trace = try trace(pool, filters: [DroppingFilter(1)], scorers: [(QueueScorer(), 1)])
    #expect(trace.totals == [1, 0.5, 0])
  }

  @Test func filtersThatLeaveNothingEndTheProfile() {
    let pool = TestPool(2)
    let late = DroppingFilter()
    let profile = SchedulingProfile(
      name: "strict", filters: [("all", DroppingFilter(1, 2)), ("late", late)],
      scorers: [.init(name: "fixed", scorer: FixedScorer([1: 1]), weight: 1)], picker: MaxScorePicker())
    let scheduler = Scheduler(profiles: [profile], handler: SingleProfileHandler())
    #expect(throws: SchedulingError.noCandidateLeft(profile: "strict")) { try scheduler.schedule(pool.cycle) }
    #expect(late.seen.isEmpty)
    #expect(pool.cycle.results[0].hasRun)
    #expect(pool.cycle.results[0].endpoints.isEmpty)
  }

  @Test func poolWithoutEndpointsLeavesNoCandidate() {
    let scheduler = Scheduler(
      profiles: [SchedulingProfile(name: "default", picker: MaxScorePicker())], handler: SingleProfileHandler())
    #expect(throws: SchedulingError.noCandidateLeft(profile: "default")) { try scheduler.schedule(TestPool(0).cycle) }
  }

  @Test func fallbacksFollowTheDestinationInOrder() throws {
    let pool = TestPool(4)
    let profile = SchedulingProfile(
      name: "default",
      scorers: [.init(name: "fixed", scorer: FixedScorer([1: 0.25, 2: 1, 3: 0.5]), weight: 1)],
      picker: MaxScorePicker(maximumEndpoints: 3))
    let scheduler = Scheduler(profiles: [profile], handler: SingleProfileHandler())
    #expect(try pool.pick(by: scheduler) == ["pod-2", "pod-3", "pod-1"])
  }

  /// More candidates than one chunk of a cycle's memory holds values for.
  @Test func findsTheBestOfThousands() throws {
    let pool = TestPool(20_000)
    let queues = (0..<20_000).map { $0 == 12_345 ? 0.0 : 1 + Double($0 % 7) }
    pool.store(.waitingQueueSize, queues)
    let profile = SchedulingProfile(
      name: "default", filters: [("drop", DroppingFilter(1, 20_000))],
      scorers: [
        .init(name: "queue", scorer: QueueScorer(), weight: 2),
        .init(name: "kv", scorer: KVCacheUtilizationScorer(), weight: 2),
      ], picker: MaxScorePicker())
    let scheduler = Scheduler(profiles: [profile], handler: SingleProfileHandler())
    for _ in 0..<3 { #expect(try pool.pick(by: scheduler) == ["pod-12346"]) }
  }
}

/// Gives every candidate the same, whatever was there before.
private struct OverwritingOne: OverwritingScorer {
  let score: Double

  func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    scores.update(repeating: score)
  }
}
