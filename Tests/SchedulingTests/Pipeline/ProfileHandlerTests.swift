import Endpoints
import Scheduling
import Synchronization
import Testing

/// Several profiles and who decides between them.
@Suite struct ProfileHandlerTests {
  private func profile(_ name: String, dropping filter: DroppingFilter = DroppingFilter()) -> SchedulingProfile {
    SchedulingProfile(name: name, filters: [("drop", filter)], picker: RandomPicker())
  }

  @Test func singleProfileHandlerWantsExactlyOneProfile() {
    #expect(SingleProfileHandler().problem(withProfiles: ["default"]) == nil)
    #expect(SingleProfileHandler().problem(withProfiles: []) != nil)
    #expect(SingleProfileHandler().problem(withProfiles: ["prefill", "decode"])?.contains("exactly one") == true)
  }

  @Test func eachProfileBeginsWithAllCandidates() throws {
    let pool = TestPool(3)
    let second = DroppingFilter(1)
    let scheduler = Scheduler(
      profiles: [profile("prefill", dropping: DroppingFilter(2, 3)), profile("decode", dropping: second)],
      handler: ScriptedHandler(order: [0, 1], primary: 1))
    #expect(try scheduler.schedule(pool.cycle) == 1)
    #expect(second.seen == [["pod-1", "pod-2", "pod-3"]])
    #expect(pool.cycle.results[0].endpoints.map(\.id.name) == ["pod-1"])
    #expect(pool.cycle.results[1].endpoints.first?.id.name != "pod-1")
  }

  @Test func profilesMayRunInAnotherOrderThanTheyAreListed() throws {
    let pool = TestPool(2)
    let scheduler = Scheduler(
      profiles: [profile("prefill"), profile("decode")], handler: ScriptedHandler(order: [1], primary: 1))
    #expect(try scheduler.schedule(pool.cycle) == 1)
    #expect(pool.cycle.results.map(\.hasRun) == [false, true])
  }

  @Test func failureOfAnotherProfileDoesNotHarmThePrimary() throws {
    let pool = TestPool(2)
    let scheduler = Scheduler(
      profiles: [profile("prefill", dropping: DroppingFilter(1, 2)), profile("decode", dropping: DroppingFilter(1))],
      handler: ScriptedHandler(order: [0, 1], primary: 1))
    #expect(try pool.pick(by: scheduler) == ["pod-2"])
  }

  @Test func failureOfThePrimaryProfileIsNoDecision() {
    let pool = TestPool(2)
    let scheduler = Scheduler(
      profiles: [profile("prefill"), profile("decode", dropping: DroppingFilter(1, 2))],
      handler: ScriptedHandler(order: [0, 1], primary: 1))
    #expect(throws: SchedulingError.self) { try scheduler.schedule(pool.cycle) }
  }

  @Test func handlerThatRunsNothingIsAnError() {
    let scheduler = Scheduler(profiles: [profile("default")], handler: ScriptedHandler(order: [], primary: 0))
    #expect(throws: SchedulingError.noProfileRan) { try scheduler.schedule(TestPool(2).cycle) }
  }

  /// A handler that asks for the same profile for ever must not hang an event loop.
  @Test func handlerThatNeverEndsIsStopped() throws {
    struct Endless: ProfileHandler {
      func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
        next.append(0)
      }
      func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int { 0 }
      func problem(withProfiles names: [String]) -> String? { nil }
    }
    let scheduler = Scheduler(profiles: [profile("default", dropping: DroppingFilter(1))], handler: Endless())
    #expect(try TestPool(2).pick(by: scheduler).first == "pod-2")
  }

  @Test func producersLearnWhereThePrimaryAndThePrefillProfileSentTheRequest() throws {
    final class Recorder: Producer {
      let placed = Mutex<[[String]]>([])
      func produce(_ cycle: SchedulingCycle) {}
      func requestPlaced(_ cycle: SchedulingCycle) {
        let names = cycle.placements.map { $0.endpoints.map(\.id.name).joined(separator: ",") }
        placed.withLock { $0.append(names) }
      }
    }
    let pool = TestPool(3)
    let recorder = Recorder()
    let scheduler = Scheduler(
      profiles: [
        profile("prefill", dropping: DroppingFilter(2, 3)), profile("decode", dropping: DroppingFilter(1, 3)),
        profile("encode", dropping: DroppingFilter(1, 2)),
      ],
      handler: ScriptedHandler(order: [0, 1, 2], primary: 1), producers: [recorder])
    _ = try pool.place(by: scheduler)
    #expect(recorder.placed.withLock { $0 } == [["pod-1", "pod-2"]])
  }
}
