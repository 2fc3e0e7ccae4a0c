import Scheduling
import Testing

/// What is noted of a decision, and how long plugins took.
@Suite struct TraceTests {
  /// A stopwatch without a clock: notes who was measured, in order.
  private final class Stopwatch: PluginStopwatch {
    var isRunning = false
    var laps: [String] = []

    func start() { isRunning = true }

    func lap(_ point: ExtensionPoint, _ plugin: String) {
      #expect(isRunning)
      laps.append("\(point.rawValue) \(plugin)")
    }
  }

  private static func profile() -> SchedulingProfile {
    SchedulingProfile(
      name: "default", filters: [("first", DroppingFilter(1)), ("second", DroppingFilter(3, 4))],
      scorers: [.init(name: "fixed", scorer: FixedScorer([2: 0.5, 5: 2]), weight: 3)], picker: MaxScorePicker(),
      pickerName: "best")
  }

  @Test func filtersNoteWhomTheyDropped() throws {
    let pool = TestPool(5)
    let trace = DecisionTrace()
    pool.cycle.trace = trace
    _ = try Scheduler(profiles: [Self.profile()], handler: SingleProfileHandler()).schedule(pool.cycle)
    let profile = try #require(trace.profiles.first)
    #expect(profile.filters.map(\.name) == ["first", "second"])
    #expect(profile.filters.map(\.left) == [4, 2])
    #expect(profile.filters.map(\.dropped) == [["10.0.0.1:8000"], ["10.0.0.3:8000", "10.0.0.4:8000"]])
    #expect(profile.endpoints == ["10.0.0.2:8000", "10.0.0.5:8000"])
    #expect(profile.scorers.first?.scores == [0.5, 1])
    #expect(profile.totals == [1.5, 3])
    #expect(profile.picks == ["10.0.0.5:8000"])
    #expect(trace.candidateCount == 5)
    #expect(trace.primaryProfile == "default")
  }

  @Test func everyPluginIsMeasuredOnce() throws {
    let pool = TestPool(5)
    let stopwatch = Stopwatch()
    pool.cycle.stopwatch = stopwatch
    var names = Scheduler.PluginNames()
    names.handler = "single"
    let scheduler = Scheduler(profiles: [Self.profile()], handler: SingleProfileHandler(), pluginNames: names)
    scheduler.requestPlaced(pool.cycle, primary: try scheduler.schedule(pool.cycle))
    #expect(
      stopwatch.laps == [
        "ProfilePicker single", "Filter first", "Filter second", "Scorer fixed", "Picker best", "ProfilePicker single",
        "ProcessProfilesResults single",
      ])
    pool.cycle.begin(SchedulingRequest(), now: 1)
    #expect(pool.cycle.stopwatch == nil)
  }

  @Test func blocksAreNotedByTheFirstProducerAndBounded() throws {
    let trace = DecisionTrace(maximumBlocks: 2)
    [UInt64](1...5).withUnsafeBufferPointer { hashes in
      trace.noteBlocks(tokensPerBlock: 64, count: 5, hashes: hashes)
      trace.noteBlocks(tokensPerBlock: 16, count: 5, hashes: hashes)
    }
    let blocks = try #require(trace.blocks)
    #expect(blocks.tokensPerBlock == 64 && blocks.count == 5)
    #expect(blocks.hashes == [1, 2])
  }
}
