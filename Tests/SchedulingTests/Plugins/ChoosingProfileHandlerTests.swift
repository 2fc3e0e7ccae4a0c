import Endpoints
import Scheduling
import Testing

/// `header-profile-handler` and `data-parallel-profile-handler`.
@Suite struct ChoosingProfileHandlerTests {
  private func picked(_ handler: HeaderProfileHandler, _ names: [String], header: String?) throws -> String {
    let pool = TestPool(1)
    let headers = TestHeaders(header.map { ["epp-profile": $0] } ?? [:])
    pool.begin(headers)
    let scheduler = Scheduler(
      profiles: names.map { SchedulingProfile(name: $0, picker: RandomPicker()) }, handler: handler)
    return names[try scheduler.schedule(pool.cycle)]
  }

  @Test(arguments: [("fast", "fast"), (" decode\t", "decode"), ("", "decode"), ("  ", "decode"), (nil, "decode")])
  func headerNamesTheProfile(header: String?, expected: String) throws {
    #expect(try picked(HeaderProfileHandler(), ["fast", "decode"], header: header) == expected)
  }

  @Test func onlyProfileRunsWhateverTheHeaderSays() throws {
    #expect(try picked(HeaderProfileHandler(), ["default"], header: "other") == "default")
  }

  @Test func unknownProfileIsAnError() {
    #expect(throws: SchedulingError.undecided("there is no scheduling profile 'Fast'")) {
      try picked(HeaderProfileHandler(), ["fast", "decode"], header: "Fast")
    }
    #expect(throws: SchedulingError.undecided("there is no scheduling profile 'none'")) {
      try picked(HeaderProfileHandler(defaultProfile: "none"), ["fast", "decode"], header: nil)
    }
  }

  @Test func rankIsReachedThroughThePrimaryPort() throws {
    let loaded = try load(
      "plugins: [{type: data-parallel-profile-handler, parameters: {primaryPort: 9000}}, {type: queue-scorer}]")
    let pool = TestPool(1)
    try pool.place(by: loaded.scheduler).end()
    #expect(pool.cycle.forwarding.requestHeaders.map(\.name) == ["x-data-parallel-host-port"])
    #expect(pool.cycle.forwarding.requestHeaders.map(\.value) == ["10.0.0.1:8000"])
    #expect(pool.cycle.forwarding.destinationPort == 9_000)
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(pool.cycle.forwarding.destinationPort == nil)
  }

  @Test func dataParallelHandlerWantsOneProfile() {
    #expect(DataParallelProfileHandler().problem(withProfiles: ["a", "b"])?.contains("exactly one") == true)
    #expect(parameterProblems("data-parallel-profile-handler", "primaryPort: 70000").isEmpty == false)
  }
}
