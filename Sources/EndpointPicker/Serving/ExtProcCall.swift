import ByteStorage
import Endpoints
import ExtProc
import GRPC
import InferenceAPI
import Scheduling

/// One request's stream: feeds messages to the state machine and carries out what it says.
///
/// Belongs to one event loop, which uses it again for later streams. The request's way to an endpoint is in
/// `ExtProcCall+Request.swift`, the way of its response in `ExtProcCall+Response.swift`.
final class ExtProcCall: GRPCCall {
  /// The context outlives its calls: it lives as long as the process and holds the spare ones.
  unowned(unsafe) let loop: LoopContext
  var stream: GRPCServerStream?
  var pool: PoolState?
  var machine = StreamMachine(maxBodyBytes: 0)
  var limits = ExtProcLimits()

  // The request.
  let headers = StoredHeaders()
  var body: ByteBlock?
  var bodyStart = 0
  var subset: [String]?
  var generatedRequestID: String?
  var receivedAt: UInt64 = 0

  // What became of it.
  var leases: Leases?
  var forwarding: ForwardingChanges?
  var placed: PlacedRequest?
  let placement = PlacementNote()
  /// Those that follow the request; almost always empty.
  var observations: [any RequestObservation] = []
  /// What plugins ask about the request at the moment, or the turn it waits for; nil while it waits for nothing.
  var awaited: AwaitedAnswer?
  /// The request as passive health follows it; nil before it was placed and when there are response headers.
  var attempt: HealthAttempt?
  var model: ModelLabel?
  var family = ResponseFamily.none
  var errorCode: String?
  var isCounted = false
  /// The spans of the request; nil when it is not recorded.
  var trace: RequestTrace?

  // The response.
  var response = ResponsePhase()

  /// What observers are told in the end.
  var note = StreamNote()

  /// Request bodies up to this size are copied into the answer; larger ones are sent from where they are.
  static let copiedBody = 8 << 10

  init(loop: LoopContext) {
    self.loop = loop
  }

  func begin(_ stream: GRPCServerStream, pool: PoolState, limits: ExtProcLimits) {
    self.stream = stream
    self.pool = pool
    self.limits = limits
    machine = StreamMachine(maxBodyBytes: limits.maxBodyBytes, allowsEarlyRelease: limits.releasesStreamsEarly)
    receivedAt = loop.clock.nanoseconds()
    family = .none
    errorCode = nil
    isCounted = false
    subset = nil
    generatedRequestID = nil
    response.reset()
    note = StreamNote()
    loop.instruments.streamBegan()
  }

  // MARK: Messages

  func received(_ bytes: UnsafeRawBufferPointer) {
    loop.arena.reset()
    do throws(ProcessingMessageError) {
      let message = try ProcessingMessage(bytes, arena: loop.arena)
      if let modes = message.bodyModes { machine.received(modes) }
      if !note.hasModes {
        note.hasModes = true
        loop.instruments.streamHasModes(message.bodyModes)
      }
      if !message.metadata.isEmpty { try readMetadata(message) }
      switch message.content {
      case .headers(let view, let endOfStream):
        if message.direction == .request { receivedRequestHeaders(view) } else { receivedResponseHeaders(view) }
        perform(machine.receivedHeaders(message.direction, endOfStream: endOfStream))
      case .body(let piece, let endOfStream):
        if message.direction == .request {
          receivedRequestBody(piece, endOfStream: endOfStream)
        } else {
          receivedResponseBody(piece, endOfStream: endOfStream)
        }
      case .trailers:
        perform(machine.receivedTrailers(message.direction))
      case nil:
        break
      }
    } catch {
      fail(GRPCStatus(.invalidArgument, "malformed message: \(error)"))
    }
  }

  private func readMetadata(_ message: ProcessingMessage) throws(ProcessingMessageError) {
    guard let metadata = try MetadataView(message.metadata, arena: loop.arena) else { return }
    if metadata.contains(namespace: ExtProcNames.subsetNamespace) {
      subset = metadata.strings(namespace: ExtProcNames.subsetNamespace, key: ExtProcNames.subsetKey)
    }
    if message.direction == .response, metadata.contains(namespace: ExtProcNames.loadBalancerNamespace) {
      let address = metadata.string(
        namespace: ExtProcNames.loadBalancerNamespace, key: ExtProcNames.servedEndpoint)
      if note.record != nil { note.servedEndpoint = address }
      placed?.report = address.map { .address($0) } ?? .noAddress
      if attempt != nil { attempt?.served = address }
      followServedEndpoint(address)
    }
  }

  /// Carries out what the state machine says about a message whose bytes, if any, have been dealt with.
  func perform(_ action: StreamMachine.Action) {
    switch action {
    case .none, .appendBody, .passResponseBody:
      break
    case .pick(let basis):
      pick(basis)
    case .acknowledgeRequestHeaders:
      send(machine.releasesEarly ? loop.answers.requestHeadersHidingResponse : loop.answers.requestHeaders)
    case .acknowledgeBody(.request):
      send(loop.answers.requestBody)
    case .acknowledgeBody(.response):
      send(loop.answers.responseBody)
      responseMayBeComplete()
    case .answerResponseHeaders:
      answerResponseHeaders()
    case .answerTrailers(.request):
      send(loop.answers.requestTrailers)
    case .answerTrailers(.response):
      answerResponseTrailers()
    case .rejectTooLarge:
      reject(.bodyTooLarge(limit: limits.maxBodyBytes))
    case .fail(.unexpected(let what)):
      fail(GRPCStatus(.failedPrecondition, "unexpected message: \(what)"))
    }
  }

  // MARK: Ends

  func receivedHalfClose() {
    if awaited != nil {
      awaited?.finishesAfterwards = true
      return
    }
    // The proxy says nothing more, so nothing more will be answered; what was answered still goes out.
    finish(.ok)
  }

  func exceeded(_ limit: GRPCLimit) {
    guard !machine.isForwarding else { return fail(GRPCStatus(.resourceExhausted, "\(limit)")) }
    switch limit {
    case .messageSize: reject(.bodyTooLarge(limit: limits.maxBodyBytes))
    case .connectionBuffers, .totalBuffers, .sharedBuffers: reject(.buffersFull)
    case .requestTime: reject(.requestTooSlow)
    }
  }

  func outputDrained() {
    if body != nil, machine.isForwarding { releaseBody() }
  }

  func ended() {
    if let trace {
      loop.tracer?.end(trace, error: errorCode, now: loop.clock.nanoseconds())
      self.trace = nil
    }
    stopAwaiting()
    endAttempt(wasReset: stream?.wasResetByClient == true && note.status == .cancelled)
    endObservations(isComplete: false)
    leases = nil
    forwarding = nil
    placed = nil
    placement.clear()
    releaseBody()
    noteEnd()
    if isCounted, let model { loop.metrics.requestEnded(model: model) }
    if let errorCode { loop.metrics.requestFailed(model: model, code: errorCode) }
    model = nil
    stream = nil
    pool = nil
    headers.clear()
    if loop.spareCalls.count < 1_024 { loop.spareCalls.append(self) }
  }

  func fail(_ status: GRPCStatus) {
    machine.rejected()
    errorCode = "Unknown"
    finish(status)
  }

  func send(_ bytes: [UInt8]) {
    stream?.send(length: bytes.count) { $0.copyMemory(from: bytes, byteCount: bytes.count) }
  }
}
