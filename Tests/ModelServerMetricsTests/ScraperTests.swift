import Endpoints
import Logging
import ModelServerMetrics
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Scraping", .serialized)
struct ScraperTests {
  /// Longer than any test: one scrape at the start and no other.
  private static let once = Duration.seconds(3_600)

  @Test("values, adapters and the time arrive over one kept connection")
  func values() async throws {
    let server = MetricsServer(.page(""))
    var page = VLLMPage()
    page.lora = [("a", "b", 4, 1)]
    server.behave(.page(page.text))
    try await withPool(server) { setup in
      try await eventually { server.requests >= 5 && setup.value(.waitingQueueSize) == 3 }
      #expect(setup.value(.runningRequests) == 12)
      #expect(setup.value(.cacheBlockCount) == 27_000)
      #expect(setup.value(.maxActiveModels) == 4)
      #expect(setup.adapters.adapters(slot: 0)?.active == ["a"])
      #expect(server.connections == 1)
      #expect(server.lastHead?.uri == "/metrics")
      #expect(server.lastHead?.headers["host"] == ["127.0.0.1:\(server.port)"])
      let status = try #require(setup.pool.status(of: setup.id))
      #expect(status.lastError == nil && status.consecutiveFailures == 0)
      #expect(status.age(now: MonotonicClock.system.now()) ?? -1 >= 0)
      #expect(setup.pool.totals.succeeded >= 4 && setup.pool.totals.failed == 0)
      #expect(setup.pool.totals.bytes >= 4 * page.bytes.count)

      page.engines[0].waiting = 8
      server.behave(.page(page.text))
      let before = setup.value(.updatedAt)
      try await eventually { setup.value(.waitingQueueSize) == 8 }
      #expect(setup.value(.updatedAt) > before)
    }
  }

  @Test(
    "a failed scrape keeps the values and the endpoint, and recovers",
    arguments: [
      (.status(404), "status 404"), (.status(500), "status 500"), (.page("up 1\n"), "has none of"),
      (.dribble, "no complete page"), (.hold, "no complete page"), (.long(1024 * 1024 + 1), "longer than"),
      (.closeMidPage("vllm:num_requests_waiting 99\n"), "connection"),
    ] as [(MetricsServer.Behaviour, String)])
  func failures(behaviour: MetricsServer.Behaviour, error: String) async throws {
    let server = MetricsServer(.page(VLLMPage(histograms: 1).text))
    let timeout: Duration = error == "no complete page" ? .milliseconds(150) : .seconds(5)
    try await withPool(server, requestTimeout: timeout) { setup in
      try await eventually { setup.value(.waitingQueueSize) == 3 }
      server.behave(behaviour)
      try await eventually { setup.status?.consecutiveFailures ?? 0 >= 2 }
      let stamp = setup.value(.updatedAt)
      #expect(setup.status?.lastError?.contains(error) == true, "\(setup.status?.lastError ?? "no error")")
      try await eventually { setup.status?.consecutiveFailures ?? 0 >= 3 }
      #expect(setup.value(.waitingQueueSize) == 3)
      #expect(setup.value(.updatedAt) == stamp)
      #expect(setup.table.snapshot().endpoints.count == 1)
      #expect(setup.pool.totals.failed >= 3)

      var page = VLLMPage(histograms: 1)
      page.engines[0].waiting = 4
      server.behave(.page(page.text))
      try await eventually { setup.value(.waitingQueueSize) == 4 }
      #expect(setup.status?.lastError == nil && setup.status?.consecutiveFailures == 0)
      #expect(setup.value(.updatedAt) > stamp)
      // One line when it begins and one when it is over, however many scrapes fail between.
      #expect(setup.log.count { $0.hasPrefix("metrics cannot be read") } == 1)
      #expect(setup.log.count { $0.hasPrefix("metrics can be read again") } == 1)
    }
  }

  @Test("a server that was away is found again")
  func restart() async throws {
    let server = MetricsServer(.page(VLLMPage(histograms: 1).text))
    try await withPool(server) { setup in
      try await eventually { setup.value(.waitingQueueSize) == 3 }
      try await server.stop()
      try await eventually { setup.status?.consecutiveFailures ?? 0 >= 3 }
      #expect(setup.status?.lastError?.contains("cannot connect") == true)
      var page = VLLMPage(histograms: 1)
      page.engines[0].waiting = 5
      server.behave(.page(page.text))
      try await server.start()
      try await eventually { setup.value(.waitingQueueSize) == 5 }
    }
  }

  @Test("a server that closes after each page is no failure")
  func closing() async throws {
    let server = MetricsServer(.closeAfterPage(VLLMPage(histograms: 1).text))
    try await withPool(server) { setup in
      try await eventually { server.connections >= 4 }
      #expect(setup.value(.waitingQueueSize) == 3)
      #expect(setup.pool.totals.failed == 0)
    }
  }

  @Test("requests placed before a scrape are handed over to its values, those placed during it stay pending")
  func pendingLoad() async throws {
    let server = MetricsServer(.hold)
    try await withPool(server, interval: Self.once, start: false) { setup in
      let before = setup.table.reserve(slot: 0, promptTokens: 1)
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { server.requests == 1 }
      let during = setup.table.reserve(slot: 0, promptTokens: 1)
      #expect(setup.table.pendingRequests(slot: 0) == 2)
      server.answer(with: VLLMPage(histograms: 1).text)
      try await eventually { setup.table.pendingRequests(slot: 0) == 1 }
      #expect(setup.value(.runningRequests) == 12)
      #expect(server.requests == 1)
      before.release()
      #expect(setup.table.pendingRequests(slot: 0) == 1)
      during.release()
      #expect(setup.table.pendingRequests(slot: 0) == 0)
      #expect(setup.table.inFlightRequests(slot: 0) == 0)
    }
  }

  @Test("a page that does not tell the load leaves pending requests pending")
  func pendingWithoutLoad() async throws {
    let server = MetricsServer(.page("# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc 0.5\n"))
    try await withPool(server) { setup in
      let lease = setup.table.reserve(slot: 0, promptTokens: 1)
      let requests = server.requests
      try await eventually { server.requests > requests + 2 }
      #expect(setup.value(.kvCacheUsage) == 0.5)
      #expect(setup.table.pendingRequests(slot: 0) == 1)
      #expect(setup.status?.missing.contains(.waitingQueueSize) == true)
      #expect(setup.log.count { $0.hasPrefix("metrics page is incomplete") } == 1)
      lease.release()
    }
  }

  @Test("only one request is out at any time, however slow the server")
  func oneAtATime() async throws {
    let server = MetricsServer(.hold)
    let clock = ManualClock(start: 1_000)
    try await withPool(server, clock: clock.clock) { setup in
      clock.advance(0.05)
      try await eventually { server.requests == 1 }
      // Several intervals pass while the answer is out.
      clock.advance(0.5)
      let other = MetricsServer(.page(VLLMPage(histograms: 1).text))
      try await other.start()
      // Another endpoint's scrape on the same loops shows that ticks went by.
      setup.table.replaceAll(with: [setup.descriptor, Self.descriptor("b", port: other.port)])
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { setup.pool.statuses().count == 2 }
      clock.advance(0.06)
      try await eventually { other.requests >= 1 }
      #expect(server.requests == 1)
      // The timeout of one second goes by the clock.
      clock.advance(0.5)
      try await eventually { setup.status?.consecutiveFailures == 1 }
      #expect(setup.status?.lastError?.contains("no complete page") == true)
      try await other.stop()
    }
  }

  @Test("endpoints come, move and go; their connections and records follow")
  func changes() async throws {
    let first = MetricsServer(.page(Self.page(waiting: 1)))
    let second = MetricsServer(.page(Self.page(waiting: 2)))
    try await second.start()
    try await withPool(first) { setup in
      try await eventually { setup.value(.waitingQueueSize) == 1 }

      setup.table.replaceAll(with: [setup.descriptor, Self.descriptor("b", port: second.port)])
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { setup.table.value(.waitingQueueSize, slot: 1) == 2 }
      #expect(setup.pool.statuses().count == 2)

      // `a` moves to the second server, keeping its slot.
      setup.table.replaceAll(with: [Self.descriptor("a", port: second.port), Self.descriptor("b", port: second.port)])
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { setup.value(.waitingQueueSize) == 2 && first.openConnections == 0 }

      // `a` goes; `c` may have its slot once the scraper is gone, and has values of its own.
      setup.table.replaceAll(with: [Self.descriptor("b", port: second.port)])
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { second.openConnections == 1 }
      #expect(setup.pool.status(of: setup.id) == nil)
      setup.table.replaceAll(with: [Self.descriptor("b", port: second.port), Self.descriptor("c", port: first.port)])
      #expect(setup.table.snapshot().endpoints.map(\.slot) == [0, 1])
      #expect(setup.value(.waitingQueueSize) == 0)
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { setup.value(.waitingQueueSize) == 1 }
    }
    try await eventually { second.openConnections == 0 }
    try await second.stop()
  }

  @Test("the labels of an endpoint choose its engine, also when they change")
  func engineChange() async throws {
    let page =
      Self.page(waiting: 1) + "# TYPE sglang:num_queue_reqs gauge\nsglang:num_queue_reqs{engine_type=\"unified\"} 6\n"
    let server = MetricsServer(.page(page))
    try await withPool(server) { setup in
      try await eventually { setup.value(.waitingQueueSize) == 1 }
      let sglang = EndpointDescriptor(
        id: setup.descriptor.id, address: setup.descriptor.address, labels: ["llm-d.ai/engine-type": "sglang"])
      setup.table.replaceAll(with: [sglang])
      setup.pool.update(endpoints: setup.table.snapshot())
      try await eventually { setup.value(.waitingQueueSize) == 6 }
    }
  }

  @Test("custom metrics land in columns; path and port can be set")
  func custom() async throws {
    let server = MetricsServer(.page("# TYPE gpu gauge\ngpu{id=\"1\"} 0.75\n"))
    try await server.start()
    let extractor = try CoreMetricsExtractor(
      catalog: EngineCatalog(), customMetrics: [CustomMetric(attributeKey: "gpu.load", spec: MetricSpec("gpu{id=1}"))])
    let table = EndpointTable()
    table.replaceAll(with: [Self.descriptor("a", port: 9)])
    let pool = try ScraperPool(
      table: table, adapters: AdapterStore(), extractor: extractor,
      configuration: ScrapeConfiguration(path: "stats", port: server.port),
      group: MultiThreadedEventLoopGroup.singleton, logger: LogLines().logger)
    pool.update(endpoints: table.snapshot())
    let column = try #require(table.column(named: "gpu.load"))
    try await eventually { table.value(column, slot: 0) == 0.75 }
    #expect(server.lastHead?.uri == "/stats")
    await pool.shutdown()
    try await server.stop()
  }

  @Test("an endpoint with nothing to do is left alone until a request is placed there")
  func idleEndpoints() async throws {
    let idle = MetricsServer(
      .page(VLLMPage(engines: [.init()], histograms: 1).text))
    let busy = MetricsServer(.page(Self.page(waiting: 1)))
    try await withPool(busy, idleInterval: Self.once) { clock in
      try await withPool(idle, idleInterval: Self.once) { setup in
        try await eventually { setup.value(.updatedAt) > 0 }
        let scraped = idle.requests
        let before = busy.requests
        try await eventually { busy.requests >= before + 20 }
        #expect(idle.requests == scraped)

        let lease = setup.table.reserve(slot: 0, promptTokens: 1)
        try await eventually { idle.requests >= scraped + 3 }
        lease.release()
      }
    }
  }

  @Test("shutdown closes all connections and later updates are ignored")
  func shutdown() async throws {
    let server = MetricsServer(.page(Self.page(waiting: 1)))
    try await withPool(server) { setup in
      try await eventually { setup.value(.waitingQueueSize) == 1 }
      await setup.pool.shutdown()
      try await eventually { server.openConnections == 0 }
      #expect(setup.pool.statuses().isEmpty)
      let connections = server.connections
      setup.pool.update(endpoints: setup.table.snapshot())
      await setup.pool.shutdown()
      #expect(server.connections == connections)
    }
  }

  @Test(
    "a configuration that cannot be used is refused with the field's name",
    arguments: [
      (ScrapeConfiguration(scheme: .https), "scheme"), (ScrapeConfiguration(path: "/a b"), "path"),
      (ScrapeConfiguration(path: "/a\r\nx: y"), "path"), (ScrapeConfiguration(port: 0), "port"),
      (ScrapeConfiguration(interval: .zero), "interval"),
      (ScrapeConfiguration(interval: .milliseconds(50), idleInterval: .milliseconds(49)), "idleInterval"),
    ])
  func configuration(configuration: ScrapeConfiguration, field: String) throws {
    let extractor = try CoreMetricsExtractor(catalog: EngineCatalog())
    let error = #expect(throws: ScrapeConfigurationError.self) {
      try ScraperPool(
        table: EndpointTable(), adapters: AdapterStore(), extractor: extractor, configuration: configuration,
        group: MultiThreadedEventLoopGroup.singleton, logger: LogLines().logger)
    }
    #expect(error?.field == field)
  }

  @Test("the transport seam sees each connection before HTTP does, and may refuse it")
  func transport() async throws {
    struct Refusal: Error {}
    let server = MetricsServer(.page(Self.page(waiting: 1)))
    let calls = Counter()
    try await withPool(
      server,
      transport: { _, address in
        #expect(address.host == "127.0.0.1")
        if calls.next() < 2 { throw Refusal() }
      }
    ) { setup in
      try await eventually { setup.value(.waitingQueueSize) == 1 }
      #expect(setup.pool.totals.failed == 2)
    }
  }
}

// MARK: Support

extension ScraperTests {
  static func page(waiting: Double) -> String {
    VLLMPage(engines: [.init(waiting: waiting)], histograms: 1).text
  }

  static func descriptor(_ name: String, port: UInt16) -> EndpointDescriptor {
    EndpointDescriptor(id: EndpointID(name: name), address: EndpointAddress(host: "127.0.0.1", port: port))
  }

  struct Setup: Sendable {
    let table: EndpointTable
    let adapters: AdapterStore
    let pool: ScraperPool
    let descriptor: EndpointDescriptor
    let log: LogLines

    var id: EndpointID { descriptor.id }
    var status: ScrapeStatus? { pool.status(of: id) }

    func value(_ column: ColumnID) -> Double { table.value(column, slot: 0) }
  }

  /// Starts the server and a pool that scrapes it as endpoint `a` in slot 0.
  private func withPool(
    _ server: MetricsServer, interval: Duration = .milliseconds(10), idleInterval: Duration? = nil,
    requestTimeout: Duration = .seconds(1), start: Bool = true, clock: MonotonicClock = .system,
    transport: (@Sendable (any Channel, EndpointAddress) throws -> Void)? = nil,
    _ body: (Setup) async throws -> Void
  ) async throws {
    try await server.start()
    let table = EndpointTable()
    let descriptor = Self.descriptor("a", port: server.port)
    table.replaceAll(with: [descriptor])
    let adapters = AdapterStore()
    let log = LogLines()
    let pool = try ScraperPool(
      table: table, adapters: adapters, extractor: CoreMetricsExtractor(catalog: EngineCatalog()),
      configuration: ScrapeConfiguration(
        interval: interval, idleInterval: idleInterval, requestTimeout: requestTimeout, maximumPageBytes: 1024 * 1024,
        transport: transport),
      group: MultiThreadedEventLoopGroup.singleton, clock: clock, logger: log.logger)
    if start { pool.update(endpoints: table.snapshot()) }
    do {
      try await body(Setup(table: table, adapters: adapters, pool: pool, descriptor: descriptor, log: log))
    } catch {
      await pool.shutdown()
      throw error
    }
    await pool.shutdown()
    try? await server.stop()
  }

  struct NotInTime: Error {}

  /// Waits until the condition holds.
  private func eventually(
    _ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while !condition() {
      guard ContinuousClock.now < deadline else {
        Issue.record("the condition did not come true in time", sourceLocation: sourceLocation)
        throw NotInTime()
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// The number of calls before this one.
    func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
  }

  final class ManualClock: Sendable {
    private let time: Mutex<Double>

    init(start: Double) {
      time = Mutex(start)
    }

    var clock: MonotonicClock { MonotonicClock { self.time.withLock { $0 } } }

    func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
  }

  /// Keeps log lines for assertions.
  final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    func count(where matches: (String) -> Bool) -> Int { lines.withLock { $0.count(where: matches) } }

    private struct Handler: LogHandler {
      let log: LogLines
      var metadata: Logger.Metadata = [:]
      var logLevel = Logger.Level.info

      subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
      }

      func log(event: LogEvent) { log.lines.withLock { $0.append("\(event.message)") } }
    }
  }
}
