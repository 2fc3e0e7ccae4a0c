import Endpoints
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Scrapes one endpoint over one kept connection, as long as the endpoint exists.
///
/// A failed scrape keeps the old values: an endpoint whose metrics cannot be read stays eligible and its values merely
/// grow old (Endpoint Picker model server protocol). At most one request is out at any time. All methods run on the
/// scraper's event loop.
final class EndpointScraper {
  private enum State {
    case disconnected(retryAt: Double)
    case connecting(deadline: Double)
    /// Connected, without a request.
    case idle(due: Double)
    case awaitingPage(deadline: Double)
    case stopped
  }

  /// The answer being received.
  private struct Answer {
    var status = 0
    var keepsConnection = false
    var bytes = 0
  }

  private let context: ScrapeContext
  private let eventLoop: any EventLoop
  private let schedule: ScrapeSchedule
  private let record = ScrapeRecord()
  private var hold: SlotHold?
  private var endpoint: Endpoint
  private var address: EndpointAddress
  private var plan: ScanPlan
  private var scanner: PageScanner
  private var request: HTTPRequestHead
  private var state: State
  private var backoff = Backoff()
  private var connection: ScrapeConnection?
  private var answer = Answer()
  private var lifetime = ServerLifetime()
  /// When the last scrape began.
  private var startedAt = -Double.infinity

  /// - Returns: nil when the endpoint has already been removed.
  init?(_ endpoint: Endpoint, context: ScrapeContext, eventLoop: any EventLoop) {
    guard let hold = context.table.hold(endpoint) else { return nil }
    self.hold = consume hold
    self.context = context
    self.eventLoop = eventLoop
    self.endpoint = endpoint
    address = context.configuration.address(of: endpoint)
    plan = context.extractor.plan(forLabels: endpoint.labels)
    scanner = PageScanner(plan: plan)
    request = context.requestHead(host: address.description)
    schedule = ScrapeSchedule(interval: context.interval, slot: endpoint.slot)
    state = .disconnected(retryAt: schedule.first(after: context.clock.now()))
    context.records.withLock { $0[endpoint.id] = record }
  }

  /// Whether this scraper is for the endpoint, perhaps with another address or other labels.
  func serves(_ endpoint: Endpoint) -> Bool { self.endpoint.id == endpoint.id }

  // MARK: From the loop

  /// Does what is due.
  func tick(_ now: Double) {
    switch state {
    case .disconnected(let retryAt):
      if now >= retryAt { connect(now) }
    case .connecting(let deadline):
      if now >= deadline { fail("cannot connect within \(context.configuration.connectTimeout)", now) }
    case .idle(let due):
      guard now >= due else { break }
      if mayRest(now) { state = .idle(due: schedule.next(after: now)) } else { startScrape(now) }
    case .awaitingPage(let deadline):
      if now >= deadline { fail("no complete page within \(context.configuration.requestTimeout)", now) }
    case .stopped:
      break
    }
  }

  /// When to call ``tick(_:)`` next. While an answer is out, that is when the next scrape would be due if the answer
  /// came in time, so that its arrival needs no new timer.
  func wakeTime(_ now: Double) -> Double {
    switch state {
    case .disconnected(let retryAt): retryAt
    case .idle(let due): due
    case .connecting(let deadline), .awaitingPage(let deadline):
      min(deadline, schedule.next(after: now), now + Backoff.shortest)
    case .stopped: .infinity
    }
  }

  /// Takes over a change of address or labels.
  func update(_ endpoint: Endpoint) {
    guard endpoint !== self.endpoint else { return }
    self.endpoint = endpoint
    let newPlan = context.extractor.plan(forLabels: endpoint.labels)
    let newAddress = context.configuration.address(of: endpoint)
    var mustReconnect = false
    if newPlan !== plan {
      plan = newPlan
      scanner = PageScanner(plan: newPlan)
      // The page under way was begun with the old plan.
      if case .awaitingPage = state { mustReconnect = true }
    }
    if newAddress != address {
      address = newAddress
      lifetime = ServerLifetime()
      request = context.requestHead(host: newAddress.description)
      mustReconnect = true
    }
    guard mustReconnect else { return }
    disconnect()
    backoff.reset()
    state = .disconnected(retryAt: context.clock.now())
  }

  /// Ends the scraper for good; nothing is stored in the slot any more.
  /// - Returns: done when the connection is closed; nil if there is none.
  @discardableResult
  func stop() -> EventLoopFuture<Void>? {
    state = .stopped
    let closed = disconnect()
    context.adapters.set(nil, slot: endpoint.slot)
    context.records.withLock { records in
      if records[endpoint.id] === record { records[endpoint.id] = nil }
    }
    hold = nil
    return closed
  }

  private func connect(_ now: Double) {
    state = .connecting(deadline: now + context.connectTimeout)
    let connection = ScrapeConnection(scraper: self)
    self.connection = connection
    let address = address
    let transport = context.configuration.transport
    let target: SocketAddress
    do {
      target = try SocketAddress(ipAddress: address.host, port: Int(address.port))
    } catch {
      fail("'\(address.host)' is not an IP address", now)
      return
    }
    ClientBootstrap(group: eventLoop)
      .connectTimeout(.nanoseconds(Int64(context.connectTimeout * 1e9)))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try transport?(channel, address)
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandlers(HTTPRequestEncoder(), ByteToMessageHandler(HTTPResponseDecoder()), connection)
        }
      }
      .connect(to: target)
      .whenFailure { connection.failed($0) }
  }

  /// Whether a regular scrape can be left out: the endpoint had nothing to do and nothing was sent there since.
  private func mayRest(_ now: Double) -> Bool {
    guard context.idleInterval > 0, record.status.consecutiveFailures == 0 else { return false }
    let table = context.table
    let slot = endpoint.slot
    // Half an interval less, so that the regular time nearest to the idle interval counts.
    return now - startedAt < context.idleInterval - context.interval / 2
      && table.inFlightRequests(slot: slot) == 0 && table.pendingRequests(slot: slot) == 0
      && table.value(.waitingQueueSize, slot: slot) == 0 && table.value(.runningRequests, slot: slot) == 0
  }

  private func startScrape(_ now: Double) {
    startedAt = now
    state = .awaitingPage(deadline: now + context.requestTimeout)
    answer = Answer()
    scanner.reset()
    // Before the request: a request placed from here on cannot be in the page.
    context.table.scrapeStarted(slot: endpoint.slot)
    connection?.send(request)
  }

  // MARK: From the connection

  func connected() {
    guard case .connecting = state else { return }
    startScrape(context.clock.now())
  }

  func received(_ head: HTTPResponseHead) {
    answer.status = Int(head.status.code)
    answer.keepsConnection = head.isKeepAlive
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard case .awaitingPage = state else { return }
    answer.bytes += bytes.count
    context.counters.bytes.add(bytes.count, ordering: .relaxed)
    guard answer.bytes <= context.configuration.maximumPageBytes else {
      fail("the page is longer than \(context.configuration.maximumPageBytes) bytes", context.clock.now())
      return
    }
    if answer.status == 200 { scanner.feed(bytes) }
  }

  func receivedEnd() {
    guard case .awaitingPage = state else { return }
    let now = context.clock.now()
    guard answer.status == 200 else {
      fail("status \(answer.status)", now, keepingConnection: answer.keepsConnection)
      return
    }
    let reading = scanner.finish()
    guard !reading.isEmpty else {
      fail(
        "the page has none of \(plan.describe(reading.missing))", now, keepingConnection: answer.keepsConnection)
      return
    }
    if lifetime.note(reading) {
      context.counters.restarts.add(1, ordering: .relaxed)
      context.logger.info("model server began anew", metadata: metadata())
      context.restarted(endpoint)
    }
    reading.apply(
      to: context.table, slot: endpoint.slot, now: now, customColumns: context.customColumns,
      adapters: context.adapters)
    // A page that does not tell the load does not cover the requests placed before it.
    if reading.tellsLoad { context.table.scrapeSucceeded(slot: endpoint.slot) }
    succeed(now, missing: reading.missing)
  }

  func connectionClosed() {
    switch state {
    case .idle(let due):
      disconnect()
      state = .disconnected(retryAt: due)
    case .connecting, .awaitingPage:
      fail("connection closed by the server", context.clock.now())
    case .disconnected, .stopped:
      break
    }
  }

  func connectionFailed(_ error: String) {
    switch state {
    case .idle:
      connectionClosed()
    case .connecting, .awaitingPage:
      fail(error, context.clock.now())
    case .disconnected, .stopped:
      break
    }
  }

  // MARK: Outcomes

  private func succeed(_ now: Double, missing: ModelServerFields) {
    context.counters.succeeded.add(1, ordering: .relaxed)
    if !missing.isEmpty { context.counters.incomplete.add(1, ordering: .relaxed) }
    let before = record.succeeded(at: now, missing: missing)
    if before.consecutiveFailures > 0 {
      context.logger.info("metrics can be read again", metadata: metadata())
    }
    if before.missing != missing, !missing.isEmpty {
      context.logger.warning("metrics page is incomplete", metadata: metadata(["missing": plan.describe(missing)]))
    }
    backoff.reset()
    proceed(now, keepingConnection: answer.keepsConnection)
  }

  private func fail(_ error: String, _ now: Double, keepingConnection: Bool = false) {
    context.counters.failed.add(1, ordering: .relaxed)
    if record.failed(error) == 1 {
      context.logger.warning("metrics cannot be read", metadata: metadata(["error": error]))
    }
    guard !keepingConnection else {
      proceed(now, keepingConnection: true)
      return
    }
    disconnect()
    state = .disconnected(retryAt: now + backoff.next(jitter: .random(in: 0...1)))
  }

  private func proceed(_ now: Double, keepingConnection: Bool) {
    let due = schedule.next(after: now)
    if keepingConnection {
      state = .idle(due: due)
    } else {
      disconnect()
      state = .disconnected(retryAt: due)
    }
  }

  @discardableResult
  private func disconnect() -> EventLoopFuture<Void>? {
    defer { connection = nil }
    return connection?.letGo()
  }

  private func metadata(_ more: [String: String] = [:]) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["endpoint": "\(endpoint.id)", "address": "\(address)"]
    for (key, value) in more { metadata[key] = "\(value)" }
    return metadata
  }
}
