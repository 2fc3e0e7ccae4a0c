import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// Profile handlers for several profiles (plugin algorithms, disaggregation and data parallelism).
@Suite struct DisaggregationTests {
  private struct FixedDecider: DisaggregationDecider {
    let answer: Bool
    func decides(_ cycle: SchedulingCycle, candidate: Int?) -> Bool { answer }
  }

  private let yes = FixedDecider(answer: true)
  private let no = FixedDecider(answer: false)

  /// A profile that picks exactly these endpoints of three.
  private func profile(_ name: String, _ numbers: Int...) -> SchedulingProfile {
    let dropped = [1, 2, 3].filter { !numbers.contains($0) }.map { "pod-\($0)" }
    return SchedulingProfile(
      name: name, filters: [("only", NameFilter(dropped: dropped))], picker: MaxScorePicker(maximumEndpoints: 3))
  }

  private struct NameFilter: Filter {
    let dropped: [String]
    func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
      for position in keep.indices where dropped.contains(cycle.endpoint(position).id.name) { keep[position] = false }
    }
  }

  private func scheduler(_ handler: any ProfileHandler, _ profiles: [SchedulingProfile]) -> Scheduler {
    Scheduler(
      profiles: profiles, handler: handler, observers: [handler as? any PlacementObserver].compactMap(\.self))
  }

  private func stages(
    _ order: DisaggregatedProfileHandler.StageOrder = .decodeFirst, prefill: (any DisaggregationDecider)? = nil,
    encode: (any DisaggregationDecider)? = nil, _ profiles: [SchedulingProfile], headers: TestHeaders? = nil
  ) throws -> TestPool {
    let pool = TestPool(3)
    var request = SchedulingRequest()
    request.headers = headers
    pool.cycle.begin(request, now: 0)
    let handler = DisaggregatedProfileHandler(order: order, prefillDecider: prefill, encodeDecider: encode)
    let scheduler = scheduler(handler, profiles)
    scheduler.requestPlaced(pool.cycle, primary: try scheduler.schedule(pool.cycle))
    return pool
  }

  private func changes(_ pool: TestPool) -> [String: String] {
    Dictionary(pool.cycle.forwarding.requestHeaders.map { ($0.name, $0.value) }) { $1 }
  }

  private func endpoints(_ pool: TestPool) -> [[String]] { pool.cycle.results.map { $0.endpoints.map(\.id.name) } }

  @Test func stagesRunApartWhenDecided() throws {
    let pool = try stages(
      prefill: yes, encode: yes, [profile("prefill", 1), profile("decode", 2), profile("encode", 3)])
    #expect(endpoints(pool) == [["pod-1"], ["pod-2"], ["pod-3"]])
    #expect(pool.cycle.primaryProfile == 1)
    #expect(
      changes(pool) == ["x-prefiller-host-port": "10.0.0.1:8000", "x-encoder-hosts-ports": "10.0.0.3:8000"])
    #expect(pool.cycle.peerEndpoint?.id.name == "pod-2")
  }

  @Test func undecidedStagesDoNotRun() throws {
    let profiles = [profile("prefill", 1), profile("decode", 2), profile("encode", 3)]
    let refused = try stages(prefill: no, encode: no, profiles)
    #expect(endpoints(refused) == [[], ["pod-2"], []])
    #expect(refused.cycle.forwarding.isEmpty)
    #expect(try endpoints(stages(.decodeFirst, profiles)) == [[], ["pod-2"], []])
  }

  @Test func onlyDecodeMustSucceed() throws {
    let pool = try stages(prefill: yes, encode: yes, [profile("prefill", 1), profile("decode", 2), profile("encode")])
    #expect(endpoints(pool) == [["pod-1"], ["pod-2"], []])
    #expect(changes(pool) == ["x-prefiller-host-port": "10.0.0.1:8000"])
    let alone = try stages(prefill: yes, [profile("prefill"), profile("decode", 2)])
    #expect(endpoints(alone) == [[], ["pod-2"]])
    #expect(throws: SchedulingError.undecided("failed to find available decode workers")) {
      try stages(prefill: yes, [profile("prefill", 1), profile("decode")])
    }
  }

  @Test func prefillFirstRunsAllConfiguredStages() throws {
    let pool = try stages(
      .prefillFirst, encode: yes, [profile("decode", 2), profile("prefill", 1), profile("encode", 3, 1)])
    #expect(pool.cycle.results.map(\.hasRun) == [true, true, true])
    #expect(pool.cycle.peerEndpoint?.id.name == "pod-1")
    #expect(changes(pool)["x-prefiller-host-port"] == "10.0.0.1:8000")
    let encoders = try #require(changes(pool)["x-encoder-hosts-ports"]).split(separator: ",").sorted()
    #expect(encoders == ["10.0.0.1:8000", "10.0.0.3:8000"])
    let tolerant = try stages(.prefillFirst, [profile("decode", 2), profile("prefill")])
    #expect(endpoints(tolerant) == [["pod-2"], []])
  }

  @Test func headersOfTheClientAreReplacedOrRemoved() throws {
    let sent = TestHeaders(["x-prefiller-host-port": "6.6.6.6:1", "x-encoder-hosts-ports": "6.6.6.6:2"])
    let pool = try stages(prefill: yes, [profile("prefill", 1), profile("decode", 2)], headers: sent)
    #expect(changes(pool) == ["x-prefiller-host-port": "10.0.0.1:8000"])
    #expect(pool.cycle.forwarding.removedRequestHeaders == ["x-encoder-hosts-ports"])
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(pool.cycle.forwarding.isEmpty)
  }

  // MARK: Deciders

  @Test(arguments: [
    // 1,024 tokens, blocks of 64: 8 matched blocks leave 512.
    (512, 0, 8.0, true), (513, 0, 8, false), (0, 0, 0, false), (1, 0, 16, false), (1_024, 0, 0, true),
    (1_025, 0, 0, false), (512, 1_024, 8, true), (512, 1_025, 8, false),
  ])
  func uncachedTokensDecide(nonCached: Int, prompt: Int, matched: Double, expected: Bool) throws {
    let requests = Requests()
    let space = AttributeSpace()
    let pool = TestPool(2)
    pool.cycle.begin(try request(tokens: 1_024, requests), now: 0)
    pool.match([0, matched], of: 16, space)
    let decider = PrefixBasedDecider(
      nonCachedTokens: nonCached, promptTokens: prompt, match: PrefixMatchAttributes(space, producer: nil))
    #expect(decider.decides(pool.cycle, candidate: 1) == expected)
    #expect(!decider.decides(pool.cycle, candidate: nil))
  }

  @Test func cacheOfTheDecodeEndpointCountsUnderFilters() throws {
    let space = AttributeSpace()
    let requests = Requests()
    let pool = TestPool(3)
    pool.cycle.begin(try request(tokens: 640, requests), now: 0)
    // All is cached where decode goes, which is the second of the candidates that its filter leaves.
    pool.match([0, 0, 10], of: 10, space)
    let decider = PrefixBasedDecider(nonCachedTokens: 64, match: PrefixMatchAttributes(space, producer: nil))
    let handler = DisaggregatedProfileHandler(prefillDecider: decider)
    let scheduler = scheduler(handler, [profile("decode", 3), profile("prefill", 1)])
    _ = try scheduler.schedule(pool.cycle)
    #expect(!pool.cycle.results[1].hasRun)
  }

  @Test func unknownCacheDecidesNothing() throws {
    let requests = Requests()
    let pool = TestPool(1)
    pool.cycle.begin(try request(tokens: 1_024, requests), now: 0)
    let decider = try makePlugin("prefix-based-pd-decider", "nonCachedTokens: 1", as: PrefixBasedDecider.self)
    #expect(!decider.decides(pool.cycle, candidate: 0))
  }

  @Test func mediaDecides() throws {
    let decider = try makePlugin("always-disagg-multimodal-decider", as: (any DisaggregationDecider).self)
    let pool = TestPool(1)
    #expect(!decider.decides(pool.cycle, candidate: nil))
    var request = SchedulingRequest()
    request.mediaItems = 1
    pool.cycle.begin(request, now: 0)
    #expect(decider.decides(pool.cycle, candidate: nil))
    #expect(
      try makePlugin("always-disagg-pd-decider", as: (any DisaggregationDecider).self).decides(
        pool.cycle, candidate: 0))
  }

  // MARK: Configurations

  private static let profiles = """
    schedulingProfiles:
    - {name: prefill, plugins: [{pluginRef: prefill-filter}]}
    - {name: decode, plugins: [{pluginRef: decode-filter}]}
    """

  private func document(_ parameters: String, type: String = "disagg-profile-handler", _ more: String = "") -> String {
    """
    plugins:
    - {type: \(type), parameters: {\(parameters)}}
    - {type: prefill-filter}
    - {type: decode-filter}
    - {name: decider, type: always-disagg-pd-decider}
    \(more)
    \(Self.profiles)
    """
  }

  /// Where a document sends a request of a pool with a prefill and a decode server.
  private func prefiller(_ document: String) throws -> String? {
    let pool = TestPool(labels: [["llm-d.ai/role": "prefill"], ["llm-d.ai/role": "decode"]])
    let scheduler = try load(document).scheduler
    let primary = try scheduler.schedule(pool.cycle)
    scheduler.requestPlaced(pool.cycle, primary: primary)
    #expect(pool.cycle.results[primary].endpoints.map(\.id.name) == ["pod-2"])
    return changes(pool)["x-prefiller-host-port"]
  }

  @Test(arguments: [
    "deciders: {prefill: decider}", "prefillDeciderPluginName: decider", "deciderPluginName: decider",
    "stageOrder: prefill-first", "stageOrder: Prefill_First", "stageOrder: PREFILL",
  ])
  func bothStylesOfParametersWork(parameters: String) throws {
    #expect(try prefiller(document(parameters)) == "10.0.0.1:8000")
  }

  @Test func olderHandlerNeedsThePluginForHeaders() throws {
    let old = document("deciderPluginName: decider", type: "pd-profile-handler")
    #expect(try prefiller(old) == nil)
    let both = document(
      "deciderPluginName: decider", type: "pd-profile-handler", "- {type: prefill-header-handler}")
    #expect(try prefiller(both) == "10.0.0.1:8000")
  }

  @Test(arguments: [
    ("deciders: {prefill: decider}, prefillProfile: p", "prefillProfile"),
    ("deciders: {prefill: nobody}", "\"nobody\""),
    ("deciders: {prefill: decode-filter}", "not a disaggregation decider"),
    ("stageOrder: prefill-first, deciders: {prefill: decider}", "prefill-first"),
    ("stageOrder: sideways", "stageOrder"),
    ("profiles: {decode: d}", "\"d\""), ("deciders: {decode: decider}", "unknown field"),
  ])
  func wrongHandlersAreReported(parameters: String, text: String) {
    let found = problems(document(parameters))
    #expect(found.contains { $0.contains(text) }, "\(found)")
  }

  @Test func instancesStayInTheOrderOfTheDocument() throws {
    let loaded = try load(document("deciders: {prefill: decider}"))
    #expect(
      loaded.instances.prefix(4).map(\.name) == [
        "disagg-profile-handler", "prefill-filter", "decode-filter", "decider",
      ])
  }
}
