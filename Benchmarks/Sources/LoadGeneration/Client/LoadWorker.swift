import HTTP2
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The load of one connection: begins streams when they are due, sends their responses, and measures. Belongs to one
/// event loop.
final class LoadWorker {
  let plan: LoadPlan
  let pool: EndpointPool
  let reader = AnswerReader()
  let response: ResponseScript?
  private(set) var recorder = Recorder(start: 0, end: 0)
  /// The connection is being lost with its streams.
  private(set) var isDisconnecting = false

  private let eventLoop: any EventLoop
  private let progress: LoadProgress
  private let tls: NIOSSLContext?
  private let source: any BodySource
  private var requestID: RequestID
  private var templates: [Int: ProxyMessages.RequestHeaders] = [:]
  private let headers: HeaderBlock
  private var handler: LoadChannelHandler?
  private var streams: [LoadStream] = []
  private var spare: [LoadStream] = []
  private var responses = DueQueue()
  private var messages = DueQueue()
  private var arrivals: ArrivalProcess?
  private let inFlight: Int
  /// Clock times of the start, from which on streams of the warm-up begin, and of the end.
  private var times: (start: UInt64, end: UInt64)?
  private var isStopped = false
  private var timer: Scheduled<Void>?
  /// When the timer fires.
  private var timerDue: UInt64 = 0
  private var lastSweep: UInt64 = 0
  private var nextConnect: UInt64?

  /// - Parameter index: which of the plan's connections this is.
  init(
    _ plan: LoadPlan, index: Int, run: UInt32, tls: NIOSSLContext?, progress: LoadProgress, eventLoop: any EventLoop
  ) {
    self.plan = plan
    self.eventLoop = eventLoop
    self.progress = progress
    self.tls = tls
    pool = EndpointPool(plan.endpoints)
    response = ResponseScript(plan.response, separatesEnd: plan.separatesEnd)
    source = plan.bodySource(worker: index)
    requestID = RequestID(run: run, worker: index)
    headers = HeaderBlock([
      (":method", "POST"), (":scheme", plan.usesTLS ? "https" : "http"),
      (":path", "/envoy.service.ext_proc.v3.ExternalProcessor/Process"), (":authority", "\(plan.host):\(plan.port)"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ])
    switch plan.arrivals {
    case .closed(let inFlight):
      self.inFlight = inFlight / plan.connections + (index < inFlight % plan.connections ? 1 : 0)
    case .open(let rate, let spacing):
      inFlight = plan.maximumInFlight
      arrivals = ArrivalProcess(
        rate: rate / Double(plan.connections), spacing: spacing,
        phase: Double(index) / Double(plan.connections), seed: plan.seed &+ UInt64(index) &* 0xA221)
    }
  }

  static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

  // MARK: Connection

  /// Connects, once and again when the connection is lost.
  /// - Returns: done when there is a connection.
  func connect() -> EventLoopFuture<Void> {
    nextConnect = nil
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    return ClientBootstrap(group: eventLoop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.maxMessagesPerRead, value: 8)
      .channelOption(.writeBufferWaterMark, value: .init(low: 512 << 10, high: 2 << 20))
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4_096, initial: 65_536, maximum: 262_144)
      )
      .channelInitializer { [tls] channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil)) }
          try pipeline.addHandler(bound.value.makeHandler())
        }
      }
      .connect(host: plan.host, port: plan.port)
      .map { _ in }
  }

  private func makeHandler() throws -> LoadChannelHandler {
    let handler = try LoadChannelHandler()
    // A connection that TLS takes its time to close may outlive the run, so it keeps its worker.
    handler.onActive = { [self, unowned handler] in
      self.handler = handler
      work()
    }
    handler.onRead = { [self] in work() }
    handler.onInactive = { [self, unowned handler] close in
      isDisconnecting = true
      close()
      isDisconnecting = false
      if self.handler === handler { self.handler = nil }
      if !isStopped { nextConnect = Self.now() + 100_000_000 }
      arm()
    }
    return handler
  }

  // MARK: Work

  /// Begins streams from this clock time on.
  func begin(at start: UInt64) {
    let end = start + plan.warmUp + plan.duration
    recorder = Recorder(start: start + plan.warmUp, end: end)
    times = (start, end)
    arm()
  }

  /// Does everything that is due. Called after every read and by the timer.
  func work() {
    let now = Self.now()
    begin(now)
    while let stream = responses.take(now) { sendResponse(stream, now) }
    while let stream = messages.take(now) {
      guard let response, stream.sendNextMessage(response) else { continue }
      messages.append(stream, due: now + plan.messageInterval)
    }
    if now - lastSweep > 250_000_000 { sweep(now) }
    arm()
  }

  private func begin(_ now: UInt64) {
    guard let (start, end) = times, now >= start, now < end, !isStopped else { return }
    if arrivals == nil {
      guard handler != nil else { return }
      while streams.count < inFlight, beginStream(intended: now) {}
      return
    }
    while let next = arrivals?.next, start + next <= now, streams.count < inFlight {
      if !beginStream(intended: start + next) {
        progress.failed.add(1, ordering: .relaxed)
        recorder.failed(.notConnected, intended: start + next, now: now)
      }
      arrivals?.advance()
    }
  }

  private func beginStream(intended: UInt64) -> Bool {
    let stream = spare.popLast() ?? LoadStream(worker: self)
    stream.prepare(source, intended: intended)
    guard let http2 = handler?.session.open(headers, handler: stream) else {
      spare.append(stream)
      // A connection that takes no streams any more makes room for a new one when the open ones are done.
      if streams.isEmpty { handler?.close() }
      return false
    }
    stream.position = streams.count
    streams.append(stream)
    progress.open.add(1, ordering: .relaxed)
    stream.begin(http2)
    return true
  }

  func writeRequestHeaders(_ http2: HTTP2Stream, contentLength: Int) {
    let template = template(contentLength)
    http2.write(length: template.bytes.count) { pointer in
      template.bytes.withUnsafeBytes {
        pointer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(pointer), byteCount: $0.count)
      }
      requestID.storeNext(at: pointer + template.requestIDOffset)
    }
  }

  private func template(_ contentLength: Int) -> ProxyMessages.RequestHeaders {
    if let template = templates[contentLength] { return template }
    let template = ProxyMessages.requestHeaders(
      path: plan.path, contentLength: contentLength, requestID: String(repeating: "0", count: RequestID.length))
    if templates.count > 1_000 { templates.removeAll() }
    templates[contentLength] = template
    return template
  }

  private func sweep(_ now: UInt64) {
    lastSweep = now
    for stream in streams where stream.intended + plan.timeout < now && stream.failure == nil {
      stream.giveUp(.timeout)
    }
    handler?.flush()
  }

  /// Makes sure that ``work()`` is called when the next thing is due.
  private func arm() {
    guard !isStopped || !streams.isEmpty else { return }
    let now = Self.now()
    var due = now + 250_000_000
    if let next = responses.next { due = min(due, next) }
    if let next = messages.next { due = min(due, next) }
    if let nextConnect { due = min(due, nextConnect) }
    if let (start, end) = times {
      if now < start { due = min(due, start) }
      // Those missed before the end never begin; a timer for them would fire again and again and let nothing else happen.
      if let arrivals, now < end, streams.count < inFlight, start + arrivals.next < end {
        due = min(due, start + arrivals.next)
      }
    }
    // A timer that fires too early does no harm and is cheaper than a new one for every read.
    guard timer == nil || due < timerDue else { return }
    timer?.cancel()
    timerDue = due
    timer = eventLoop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(due)) { [self] in
      timer = nil
      reconnectIfDue()
      work()
      handler?.flush()
    }
  }

  private func reconnectIfDue() {
    guard let nextConnect, nextConnect <= Self.now(), !isStopped else { return }
    connect().assumeIsolated().whenFailure { [self] _ in self.nextConnect = Self.now() + 100_000_000 }
  }

  // MARK: From streams

  func decided(_ stream: LoadStream) {
    if let endpoint = stream.machine.endpoint { pool.count(endpoint) }
    recorder.decided(intended: stream.intended, now: Self.now())
  }

  func requestAnswered(_ stream: LoadStream) {
    guard plan.responseDelay > 0 else { return sendResponse(stream, plan.messageInterval > 0 ? Self.now() : 0) }
    responses.append(stream, due: Self.now() + plan.responseDelay)
  }

  private func sendResponse(_ stream: LoadStream, _ now: UInt64) {
    guard let response else { return }
    let isPaced = plan.messageInterval > 0
    stream.sendResponse(response, wholeBody: !isPaced)
    if isPaced { messages.append(stream, due: now + plan.messageInterval) }
  }

  func completed(_ stream: LoadStream) {
    progress.completed.add(1, ordering: .relaxed)
    recorder.completed(intended: stream.intended, now: Self.now())
  }

  func ended(_ stream: LoadStream) {
    if let fault = stream.machine.fault {
      progress.wrong.add(1, ordering: .relaxed)
      recorder.wrong(fault)
    } else if let failure = stream.failure {
      progress.failed.add(1, ordering: .relaxed)
      recorder.failed(failure, intended: stream.intended, now: Self.now())
    } else if let status = stream.machine.rejection {
      progress.failed.add(1, ordering: .relaxed)
      recorder.rejected(status, intended: stream.intended)
    }
    progress.open.subtract(1, ordering: .relaxed)
    let last = streams.count - 1
    if stream.position != last {
      streams[stream.position] = streams[last]
      streams[stream.position].position = stream.position
    }
    streams.removeLast()
    spare.append(stream)
  }

  // MARK: Ends

  /// Begins no more streams.
  func stop() { isStopped = true }

  /// Gives up what is still open and closes the connection.
  func close() {
    isStopped = true
    timer?.cancel()
    for stream in streams where stream.failure == nil { stream.giveUp(.unfinished) }
    handler?.flush()
    handler?.close()
  }
}
