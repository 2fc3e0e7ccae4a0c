import Endpoints
import Scheduling
import Testing

/// `session-affinity-scorer`, `session-affinity-filter` and `session-id-producer` (plugin algorithms, scorers).
@Suite struct SessionAffinityTests {
  // base64 of "default/pod-2", "default/pod-1" and "default/pod-9".
  private static let second = "ZGVmYXVsdC9wb2QtMg=="
  private static let first = "ZGVmYXVsdC9wb2QtMQ=="
  private static let missing = "ZGVmYXVsdC9wb2QtOQ=="

  private func header() -> SessionAffinity {
    SessionAffinity(.encodedEndpoint(header: "x-session-token"), attributes: AttributeSpace())
  }

  private func session(timeToLive: Double = 300) -> SessionAffinity {
    SessionAffinity(
      .sessionID(sources: [.header("x-session-id")], timeToLive: timeToLive), attributes: AttributeSpace())
  }

  // MARK: Tokens

  @Test func tokenOfACandidateDecides() {
    let pool = TestPool(3)
    let headers = TestHeaders(["x-session-token": Self.second])
    pool.begin(headers)
    #expect(SessionAffinityScorer(header()).scores(pool.cycle) == [0, 1, 0])
    #expect(SessionAffinityFilter(header()).kept(pool.cycle) == [false, true, false])
    pool.cycle.restrict(to: [2, 1])
    #expect(SessionAffinityScorer(header()).scores(pool.cycle) == [0, 1])
  }

  @Test(arguments: [missing, "", "%%%", "ZGVmYXVsdC9wb2QtMg", "pod-2"])
  func otherTokensDecideNothing(token: String) {
    let pool = TestPool(2)
    let headers = TestHeaders(["x-session-token": token])
    pool.begin(headers)
    #expect(SessionAffinityScorer(header()).scores(pool.cycle) == [0, 0])
    #expect(SessionAffinityFilter(header()).kept(pool.cycle) == [true, true])
  }

  @Test func requestsWithoutTokenGoAnywhere() {
    let pool = TestPool(2)
    #expect(SessionAffinityScorer(header()).scores(pool.cycle) == [0, 0])
    #expect(SessionAffinityFilter(header()).kept(pool.cycle) == [true, true])
  }

  @Test func candidateLeftOutIsNotForced() {
    let pool = TestPool(3)
    let headers = TestHeaders(["x-session-token": Self.second])
    pool.begin(headers)
    pool.cycle.restrict(to: [0, 2])
    #expect(SessionAffinityFilter(header()).kept(pool.cycle) == [true, true])
  }

  @Test func responseNamesTheEndpointThatServed() throws {
    let pool = TestPool(2)
    let scorer = SessionAffinityScorer(header())
    let scheduler = Scheduler(
      profiles: [SchedulingProfile(name: "default", filters: [("drop", DroppingFilter(2))], picker: RandomPicker())],
      handler: SingleProfileHandler(), observers: [scorer])
    try pool.place(by: scheduler).end()
    var request = try #require(PlacedRequest(pool.cycle))
    var headers: [(name: String, value: String)] = []
    scorer.addResponseHeaders(request, to: &headers)
    #expect(headers.map(\.name) == ["x-session-token"])
    #expect(headers.map(\.value) == [Self.first])
    // The proxy fell back to the other one.
    request.endpoint = try #require(pool.endpoint(2))
    scorer.addResponseHeaders(request, to: &headers)
    #expect(headers.last?.value == Self.second)
  }

  @Test func responseCanNameTheEndpointOfAProfile() throws {
    let pool = TestPool(2)
    func affinity(_ profile: String) -> SessionAffinity {
      SessionAffinity(
        .encodedEndpoint(header: "x-session-token"), profileName: profile, attributes: AttributeSpace())
    }
    let scheduler = Scheduler(
      profiles: [
        SchedulingProfile(name: "decode", filters: [("drop", DroppingFilter(2))], picker: RandomPicker()),
        SchedulingProfile(name: "prefill", filters: [("drop", DroppingFilter(1))], picker: RandomPicker()),
      ], handler: ScriptedHandler(order: [0, 1], primary: 0))
    try pool.place(by: scheduler).end()
    let request = try #require(PlacedRequest(pool.cycle))
    var headers: [(name: String, value: String)] = []
    SessionAffinityFilter(affinity("prefill")).addResponseHeaders(request, to: &headers)
    SessionAffinityFilter(affinity("encode")).addResponseHeaders(request, to: &headers)
    #expect(headers.map(\.value) == [Self.second])
  }

  // MARK: Session ids

  /// Places a request of a session among some endpoints.
  private func place(
    _ session: String?, _ pool: TestPool, _ plugin: SessionAffinityScorer, dropping filter: DroppingFilter,
    now: Double = 0
  ) throws -> String {
    let scheduler = Scheduler(
      profiles: [
        SchedulingProfile(
          name: "default", filters: [("drop", filter)], scorers: [.init(name: "s", scorer: plugin, weight: 1)],
          picker: MaxScorePicker())
      ], handler: SingleProfileHandler(), observers: [plugin])
    let headers = TestHeaders(session.map { ["x-session-id": $0] } ?? [:])
    pool.begin(headers, now: now)
    let primary = try scheduler.schedule(pool.cycle)
    scheduler.requestPlaced(pool.cycle, primary: primary)
    return pool.cycle.results[primary].endpoints[0].id.name
  }

  @Test func sessionStaysWhereItWentFirst() throws {
    let pool = TestPool(3)
    let plugin = SessionAffinityScorer(session())
    #expect(try place("a", pool, plugin, dropping: DroppingFilter(1, 3)) == "pod-2")
    #expect(try place("b", pool, plugin, dropping: DroppingFilter(1, 2)) == "pod-3")
    for _ in 0..<20 {
      #expect(try place("a", pool, plugin, dropping: DroppingFilter()) == "pod-2")
      #expect(try place("b", pool, plugin, dropping: DroppingFilter()) == "pod-3")
    }
  }

  @Test func sessionMovesOnlyWhenItsEndpointIsNoCandidate() throws {
    let pool = TestPool(3)
    let affinity = session()
    let plugin = SessionAffinityScorer(affinity)
    _ = try place("a", pool, plugin, dropping: DroppingFilter(2, 3))
    #expect(try place("a", pool, plugin, dropping: DroppingFilter(1, 2)) == "pod-3")
    #expect(try place("a", pool, plugin, dropping: DroppingFilter()) == "pod-3")
    // Outvoted: the endpoint is a candidate, another one is picked.
    let outvoting = Scheduler(
      profiles: [
        SchedulingProfile(
          name: "default",
          scorers: [
            .init(name: "s", scorer: plugin, weight: 1), .init(name: "f", scorer: FixedScorer([1: 1]), weight: 5),
          ], picker: MaxScorePicker())
      ], handler: SingleProfileHandler(), observers: [plugin])
    let headers = TestHeaders(["x-session-id": "a"])
    pool.begin(headers)
    outvoting.requestPlaced(pool.cycle, primary: try outvoting.schedule(pool.cycle))
    #expect(pool.cycle.results[0].endpoints[0].id.name == "pod-1")
    #expect(try place("a", pool, plugin, dropping: DroppingFilter()) == "pod-3")
  }

  @Test func bindingEndsWithoutUse() throws {
    let pool = TestPool(2)
    let plugin = SessionAffinityScorer(session(timeToLive: 10))
    _ = try place("a", pool, plugin, dropping: DroppingFilter(1), now: 0)
    #expect(try place("a", pool, plugin, dropping: DroppingFilter(), now: 10) == "pod-2")
    // Used at 10, so still alive at 20, and gone at 31.
    #expect(try place("a", pool, plugin, dropping: DroppingFilter(), now: 20) == "pod-2")
    #expect(try place("a", pool, plugin, dropping: DroppingFilter(2), now: 31) == "pod-1")
    #expect(try place("a", pool, plugin, dropping: DroppingFilter(), now: 32) == "pod-1")
  }

  @Test func requestsWithoutSessionAreNotBound() throws {
    let pool = TestPool(2)
    let plugin = SessionAffinityScorer(session())
    _ = try place(nil, pool, plugin, dropping: DroppingFilter(1))
    _ = try place("", pool, plugin, dropping: DroppingFilter(1))
    let headers = TestHeaders(["x-session-id": ""])
    pool.begin(headers)
    #expect(plugin.scores(pool.cycle) == [0, 0])
  }

  @Test func endpointThatTookTheSlotIsNotTheSessions() throws {
    let pool = TestPool(2)
    let plugin = SessionAffinityScorer(session())
    _ = try place("a", pool, plugin, dropping: DroppingFilter(2))
    pool.table.replaceAll(with: [TestPool.descriptor(2)])
    pool.table.replaceAll(with: [TestPool.descriptor(2), TestPool.descriptor(9)])
    let headers = TestHeaders(["x-session-id": "a"])
    pool.begin(headers)
    #expect(pool.cycle.endpoint(0).id.name == "pod-9")
    #expect(plugin.scores(pool.cycle) == [0, 0])
  }

  // MARK: Producer and parameters

  @Test(arguments: [
    ("sid=abc", "abc"), ("a=b; sid=abc", "abc"), ("sid=\"abc\";x=y", "abc"), (" xsid=no ; sid = abc ", "abc"),
    ("sid=", nil), ("other=abc", nil), ("sid", nil), ("", nil), (";;=;", nil),
  ])
  func cookieHoldsTheSession(cookie: String, expected: String?) {
    let pool = TestPool(1)
    let space = AttributeSpace()
    let headers = TestHeaders(["cookie": cookie])
    pool.begin(headers)
    SessionIDProducer(.cookie("sid"), attribute: space.sessionID()).produce(pool.cycle)
    #expect(pool.cycle.text(space.sessionID()).map { String(decoding: $0, as: UTF8.self) } == expected)
  }

  @Test func attributeOfAProducerIsASource() throws {
    let loaded = try load(
      """
      plugins:
      - name: affinity
        type: session-affinity-scorer
        parameters:
          strategy: session_id
          sessionIdConfig: {sources: [{attribute: SessionID, producer: cookie}, {header: X-Other}]}
      - {name: cookie, type: session-id-producer, parameters: {cookieName: sid}}
      """)
    let pool = TestPool(8)
    var names: Set<String> = []
    for headers in [["cookie": "sid=one", "x-other": "two"], ["cookie": "sid=one"], ["x-other": "one"]] {
      let headers = TestHeaders(headers)
      pool.begin(headers)
      let primary = try loaded.scheduler.schedule(pool.cycle)
      loaded.scheduler.requestPlaced(pool.cycle, primary: primary)
      names.insert(pool.cycle.results[primary].endpoints[0].id.name)
    }
    #expect(names.count == 1)
  }

  @Test func defaultProducerIsMadeForAnAttribute() throws {
    let loaded = try load(
      """
      plugins:
      - type: session-affinity-filter
        parameters: {strategy: session_id, sessionIdConfig: {sources: [{attribute: SessionID}]}}
      """)
    #expect(loaded.instance(named: "session-id-producer")?.plugin is SessionIDProducer)
    #expect(loaded.responseHeadersPlugins.count == 1)
  }

  @Test(arguments: [
    ("session-affinity-scorer", "strategy: sticky", "strategy"),
    ("session-affinity-scorer", "sessionIdConfig: {sources: [{}]}", "header"),
    ("session-affinity-scorer", "sessionIdConfig: {sources: [{header: a, attribute: b}]}", "header"),
    ("session-affinity-scorer", "sessionIdConfig: {evictionTtlSeconds: 0}", "evictionTtlSeconds"),
    ("session-affinity-filter", "sessionIdConfig: {sources: [{attribute: Colour}]}", "attribute"),
    ("session-id-producer", "headerName: a, cookieName: b", "cookieName"),
  ])
  func wrongParametersAreReported(type: String, parameters: String, field: String) {
    #expect(parameterProblems(type, parameters).first?.contains(field) == true)
  }
}
