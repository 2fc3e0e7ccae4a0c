import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// The filter in profiles, and the board behind it.
@Suite struct PassiveHealthFilterTests {
  private let pool = TestPool(4)
  private let board = HealthBoard()
  private var parameters = PassiveHealthParameters()

  init() {
    parameters.consecutiveFailures = 2
  }

  private var filter: PassiveHealthFilter { PassiveHealthFilter(parameters: parameters, board: board) }

  private func fail(_ numbers: Int..., at now: Double = 0) {
    for number in numbers {
      guard let endpoint = pool.endpoint(number) else { continue }
      for _ in 0..<2 {
        _ = board.failed(HealthBoard.Attempt(endpoint: endpoint, arrival: now), .status, at: now, parameters)
      }
    }
  }

  private func kept(at now: Double = 0) -> [Bool] {
    pool.cycle.begin(SchedulingRequest(), now: now)
    return filter.kept(pool.cycle)
  }

  private func picks(_ filters: [any Filter], at now: Double = 0) throws -> (names: [String], trace: DecisionTrace) {
    let profile = SchedulingProfile(
      name: "default", filters: filters.enumerated().map { ("filter-\($0)", $1) },
      picker: MaxScorePicker(maximumEndpoints: 10))
    let scheduler = Scheduler(profiles: [profile], handler: SingleProfileHandler())
    pool.cycle.begin(SchedulingRequest(), now: now)
    let trace = DecisionTrace()
    pool.cycle.trace = trace
    let primary = try scheduler.schedule(pool.cycle)
    return (pool.cycle.results[primary].endpoints.map(\.id.name).sorted(), trace)
  }

  @Test func nothingIsRunWhileAllAreHealthy() throws {
    #expect(!filter.isNeeded)
    #expect(try picks([filter]).trace.profiles.first?.filters.isEmpty == true)
    fail(1)
    #expect(filter.isNeeded)
    #expect(!PassiveHealthFilter(isEnabled: false, board: board).isNeeded)
  }

  @Test func unhealthyAreDroppedUntilAProbeIsDue() throws {
    fail(1, 3)
    #expect(kept(at: 1) == [false, true, false, true])
    let (names, trace) = try picks([filter], at: 1)
    #expect(names == ["pod-2", "pod-4"])
    #expect(trace.profiles.first?.filters.map(\.dropped) == [["10.0.0.1:8000", "10.0.0.3:8000"]])
    #expect(kept(at: 10) == [true, true, true, true])
    let endpoint = try #require(pool.endpoint(1))
    #expect(board.placed(on: endpoint, at: 10, parameters))
    #expect(kept(at: 11) == [false, true, true, true])
    let attempt = HealthBoard.Attempt(endpoint: endpoint, arrival: 10, isProbe: true)
    #expect(board.succeeded(attempt, at: 12) == .recovered)
    #expect(kept(at: 12) == [true, true, true, true])
    #expect(board.totals.ejections == [.status: 2])
    #expect(board.totals.probes == [.success: 1])
  }

  @Test func allUnhealthyAreAllCandidates() throws {
    fail(1, 2, 3, 4)
    #expect(try picks([filter]).names.count == 4)
  }

  @Test func lastOneThatOtherFiltersLeaveStays() throws {
    fail(1)
    #expect(try picks([filter, DroppingFilter(2, 3, 4)]).names == ["pod-1"])
    #expect(try picks([DroppingFilter(2, 3, 4), filter]).names == ["pod-1"])
    #expect(try picks([filter, DroppingFilter(2, 3)]).names == ["pod-4"])
  }

  @Test func nothingHelpsWhereOtherFiltersLeaveNone() {
    fail(1)
    #expect(throws: SchedulingError.noCandidateLeft(profile: "default")) {
      try picks([filter, DroppingFilter(1, 2, 3, 4)])
    }
  }

  @Test func subsetsAreFilteredByTheirOwnEndpoints() throws {
    fail(2)
    pool.cycle.begin(SchedulingRequest(), now: 0)
    pool.cycle.restrict(to: [1, 2])
    #expect(filter.kept(pool.cycle) == [false, true])
  }

  @Test func endpointThatFollowsInASlotStartsHealthy() throws {
    fail(2)
    #expect(board.unhealthyCount == 1)
    let old = try #require(pool.endpoint(2))
    // The address changes: another server.
    let moved = EndpointDescriptor(id: old.id, address: EndpointAddress(host: "10.9.9.9", port: 8_000))
    pool.table.update(upserting: [moved], removing: [])
    #expect(kept() == [true, true, true, true])
    let new = try #require(pool.endpoint(2))
    _ = board.failed(HealthBoard.Attempt(endpoint: new, arrival: 0), .reset, at: 0, parameters)
    #expect(board.unhealthyCount == 0)
    // What is still heard of the old one.
    filter.endpointRemoved(old)
    #expect(board.hasSuspects)
    filter.endpointRemoved(new)
    #expect(!board.hasSuspects)
  }

  @Test func clientsThatGoAwayTellNothing() throws {
    fail(1)
    let endpoint = try #require(pool.endpoint(1))
    #expect(board.placed(on: endpoint, at: 10, parameters))
    board.endedUnknown(HealthBoard.Attempt(endpoint: endpoint, arrival: 10, isProbe: true), at: 11)
    #expect(board.totals.probes == [.unknown: 1])
    #expect(board.placed(on: endpoint, at: 11, parameters))
  }

  // MARK: Configuration

  @Test func runsFirstInEveryProfileThatDoesNotNameIt() throws {
    let loaded = try load(
      """
      plugins:
      - {type: decode-filter}
      - {type: passive-health-filter, parameters: {consecutiveFailures: 3, baseBackoff: 1s, maxBackoff: 2s}}
      - {type: header-profile-handler, parameters: {defaultProfile: own}}
      schedulingProfiles:
      - {name: own, plugins: [{pluginRef: decode-filter}, {pluginRef: passive-health-filter}]}
      - {name: other, plugins: [{pluginRef: decode-filter}]}
      """)
    #expect(
      loaded.scheduler.profiles.map { $0.filters.map(\.name) } == [
        ["decode-filter", "passive-health-filter"], ["passive-health-filter", "decode-filter"],
      ])
    let filter = try #require(loaded.plugins(PassiveHealthFilter.self).first?.plugin)
    #expect(filter.isEnabled)
    #expect(filter.parameters.consecutiveFailures == 3)
    #expect(filter.parameters.baseBackoff == 1)
    #expect(filter.parameters.maxBackoff == 2)
  }

  @Test func isMadeOnlyWhereAskedFor() throws {
    #expect(try loadDefault().plugins(PassiveHealthFilter.self).isEmpty)
    let added = try PluginLoader.load(
      try EndpointPickerConfig.load(.builtIn(.llmD)), registry: .withDataLayer, endpoints: EndpointTable(),
      addsPassiveHealth: true)
    #expect(added.scheduler.profiles.first?.filters.map(\.name) == ["passive-health-filter"])
    // What is in force loads as the same.
    let again = try PluginLoader.load(
      try EndpointPickerConfig.load(.text(added.effectiveDocument.yaml)), registry: .withDataLayer,
      endpoints: EndpointTable(), addsPassiveHealth: true)
    #expect(again.effectiveDocument == added.effectiveDocument)
  }

  @Test(arguments: [
    ("consecutiveFailures: 0", "consecutiveFailures"), ("baseBackoff: 0s", "baseBackoff: must be positive"),
    ("baseBackoff: 10m", "maxBackoff: must be at least baseBackoff"), ("resetGracePeriod: -1s", "resetGracePeriod"),
    ("consecutiveFailure: 1", "did you mean \"consecutiveFailures\"?"),
  ])
  func wrongParametersAreRefused(_ parameters: String, _ message: String) {
    let lines = problems("plugins: [{type: passive-health-filter, parameters: {\(parameters)}}]")
    #expect(lines.count == 1 && lines[0].contains(message), "\(lines)")
  }

  @Test func oneIsEnough() {
    let lines = problems(
      "plugins: [{type: passive-health-filter, name: a}, {type: passive-health-filter, name: b}]")
    #expect(lines.count == 1 && lines[0].contains("only one passive-health-filter is allowed, not a, b"), "\(lines)")
  }
}
