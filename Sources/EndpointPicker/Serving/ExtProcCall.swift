import ByteStorage
import Endpoints
import ExtProc
import GRPC
import Scheduling

/// One request's stream: feeds messages to the state machine and carries out what it says.
///
/// Belongs to one event loop, which uses it again for later streams.
final class ExtProcCall: GRPCCall {
  /// The context outlives its calls: it lives as long as the process and holds the spare ones.
  private unowned(unsafe) let loop: LoopContext
  private var stream: GRPCServerStream?
  private var pool: PoolState?
  private var machine = StreamMachine(maxBodyBytes: 0)
  private var limits = ExtProcLimits()
  private let headers = StoredHeaders()
  private var body: ByteBlock?
  private var bodyStart = 0
  private var subset: [String]?
  private var generatedRequestID: String?

  private var leases: Leases?
  private var forwarding: ForwardingChanges?
  private var placed: PlacedRequest?
  private var model: ModelLabel?
  private var receivedAt: UInt64 = 0
  private var responseBytes = 0
  private var errorCode: String?
  private var isCounted = false

  /// Request bodies up to this size are copied into the answer; larger ones are sent from where they are.
  private static let copiedBody = 8 << 10

  init(loop: LoopContext) {
    self.loop = loop
  }

  func begin(_ stream: GRPCServerStream, pool: PoolState, limits: ExtProcLimits) {
    self.stream = stream
    self.pool = pool
    self.limits = limits
    machine = StreamMachine(maxBodyBytes: limits.maxBodyBytes, allowsEarlyRelease: limits.releasesStreamsEarly)
    receivedAt = loop.clock.nanoseconds()
    responseBytes = 0
    errorCode = nil
    isCounted = false
    subset = nil
    generatedRequestID = nil
  }

  // MARK: Messages

  func received(_ bytes: UnsafeRawBufferPointer) {
    loop.arena.reset()
    do throws(ProcessingMessageError) {
      let message = try ProcessingMessage(bytes, arena: loop.arena)
      if let modes = message.bodyModes { machine.received(modes) }
      if !message.metadata.isEmpty { try readMetadata(message) }
      switch message.content {
      case .headers(let view, let endOfStream):
        receivedHeaders(message.direction, view, endOfStream)
      case .body(let piece, let endOfStream):
        receivedBody(message.direction, piece, endOfStream)
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
      placed?.report = address.map { .address($0) } ?? .noAddress
      followServedEndpoint(address)
    }
  }

  /// The proxy may have used a fallback: the load belongs to the endpoint that serves.
  private func followServedEndpoint(_ address: String?) {
    guard let address, let pool, leases != nil else { return }
    let snapshot = pool.endpoints.snapshot()
    guard let index = snapshot.index(ofAddress: address) else { return }
    leases?.move(to: snapshot.endpoints[index].slot)
    placed?.endpoint = snapshot.endpoints[index]
  }

  private func receivedHeaders(
    _ direction: ProcessingMessage.Direction, _ view: HeaderMapView, _ endOfStream: Bool
  ) {
    if direction == .request {
      headers.store(view)
      ensureRequestID()
    } else {
      readStatus(view)
    }
    perform(machine.receivedHeaders(direction, endOfStream: endOfStream))
  }

  private func ensureRequestID() {
    guard !headers.hasRequestID else { return }
    generatedRequestID = loop.random.uuid()
  }

  private func readStatus(_ view: HeaderMapView) {
    guard let status = view.last(":status" as StaticString), let first = status.first else { return }
    if first >= UInt8(ascii: "4") { errorCode = "ModelServerError" }
  }

  private func receivedBody(
    _ direction: ProcessingMessage.Direction, _ piece: UnsafeRawBufferPointer, _ endOfStream: Bool
  ) {
    let action = machine.receivedBody(direction, byteCount: piece.count, endOfStream: endOfStream)
    switch action {
    case .appendBody:
      _ = append(piece)
    case .pick:
      if append(piece) { perform(action) }
    case .passResponseBody(let endOfStream):
      pass(piece, endOfStream: endOfStream)
    case .acknowledgeBody(.response):
      responseBytes += piece.count
      perform(action)
    default:
      perform(action)
    }
  }

  private func perform(_ action: StreamMachine.Action) {
    switch action {
    case .none, .appendBody, .passResponseBody:
      break
    case .pick(let basis):
      pick(basis)
    case .acknowledgeRequestHeaders:
      send(machine.releasesEarly ? loop.answers.requestHeadersHidingResponse : loop.answers.requestHeaders)
    case .acknowledgeBody(let direction):
      send(direction == .request ? loop.answers.requestBody : loop.answers.responseBody)
      responseMayBeComplete()
    case .answerResponseHeaders:
      leases?.responseStarted()
      send(responseHeadersAnswer())
      responseMayBeComplete()
    case .answerTrailers(let direction):
      send(direction == .request ? loop.answers.requestTrailers : loop.answers.responseTrailers)
      responseMayBeComplete()
    case .rejectTooLarge:
      reject(.bodyTooLarge(limit: limits.maxBodyBytes))
    case .fail(.unexpected(let what)):
      fail(GRPCStatus(.failedPrecondition, "unexpected message: \(what)"))
    }
  }

  // MARK: Request body

  /// - Returns: false when the request was refused because too much memory is in use.
  private func append(_ piece: UnsafeRawBufferPointer) -> Bool {
    guard !piece.isEmpty, let stream else { return true }
    if let body {
      body.append(piece)
    } else if let block = adoptedBlock(piece) {
      body = block
    } else {
      let block = ByteBlock()
      block.append(piece)
      body = block
      bodyStart = 0
    }
    guard let limit = stream.retain((body?.footprint ?? 0) + headers.byteCount) else { return true }
    exceeded(limit)
    return false
  }

  /// A large message arrives in memory of its own, which then becomes the body without a copy.
  private func adoptedBlock(_ piece: UnsafeRawBufferPointer) -> ByteBlock? {
    guard piece.count > Self.copiedBody, let start = piece.baseAddress, let block = stream?.takeMessageBlock(),
      let base = block.bytes.baseAddress
    else { return nil }
    let offset = start - base
    guard offset >= 0, offset + piece.count <= block.count else { return nil }
    block.truncate(to: offset + piece.count)
    bodyStart = offset
    return block
  }

  // MARK: Picking

  private func pick(_ basis: StreamMachine.PickBasis) {
    guard let pool else { return }
    var input = Director.Input(headers: headers, body: nil, subset: subset)
    switch basis {
    case .headersOnly, .headersBeforeBody: break
    case .bufferedBody(isWhole: false): break
    case .body, .bodyThenTrailers, .bufferedBody: input.body = bodyBytes
    }
    do throws(Rejection) {
      let decision = try Director.decide(input, pool: pool, loop: loop)
      answer(decision, basis)
    } catch {
      reject(error)
    }
  }

  private var bodyBytes: UnsafeRawBufferPointer {
    guard let body else { return Self.emptyBody }
    return UnsafeRawBufferPointer(rebasing: body.bytes[bodyStart...])
  }

  /// An empty body still has the padding that parsers read past the end.
  private static var emptyBody: UnsafeRawBufferPointer {
    let padding: StaticString = "                                                                "
    return UnsafeRawBufferPointer(start: padding.utf8Start, count: 0)
  }

  private func answer(_ decision: consuming Director.Decision, _ basis: StreamMachine.PickBasis) {
    machine.picked()
    model = decision.model
    forwarding = decision.forwarding
    placed = decision.placed
    if case .bufferedBody = basis {
      sendDestination(decision.endpoints, .body(.request))
    } else {
      sendDestination(decision.endpoints, .headers(.request))
    }
    leases = decision.takeLeases()
    switch basis {
    case .headersOnly, .headersBeforeBody: break
    case .bufferedBody:
      releaseBody()
      if machine.releasesEarly { releaseStream() }
    case .body: sendBody(endOfStream: true)
    case .bodyThenTrailers:
      sendBody(endOfStream: false)
      send(loop.answers.requestTrailers)
    }
    if basis != .headersOnly, let model {
      loop.metrics.requestStarted(model: model)
      isCounted = true
    }
  }

  private func sendDestination(_ endpoints: [Endpoint], _ kind: Answer.Kind) {
    if endpoints.count == 1, generatedRequestID == nil, forwarding == nil, kind == .headers(.request) {
      send(loop.answers.destination(endpoints[0]))
      return
    }
    var more = forwarding?.requestHeaders ?? []
    if let generatedRequestID { more.append((name: "x-request-id", value: generatedRequestID)) }
    let answer = HeaderAnswers.make(
      kind, destination: destination(endpoints), headers: more, removing: forwarding?.removedRequestHeaders ?? [])
    send(answer.packed())
  }

  private func destination(_ endpoints: [Endpoint]) -> String {
    guard let port = forwarding?.destinationPort else {
      return endpoints.map(\.addressText).joined(separator: ",")
    }
    return endpoints.map { EndpointAddress(host: $0.address.host, port: port).description }.joined(separator: ",")
  }

  private func responseHeadersAnswer() -> [UInt8] {
    guard let placed, let pool else { return loop.answers.responseHeaders }
    var headers: [(name: String, value: String)] = []
    for plugin in pool.responsePlugins { plugin.addResponseHeaders(placed, to: &headers) }
    return headers.isEmpty ? loop.answers.responseHeaders : HeaderAnswers.make(responseHeaders: headers).packed()
  }

  /// Ends the stream with the request. The response will not be seen, so the lease ends when it probably has.
  private func releaseStream() {
    if let leases = leases.take() {
      let seconds = EarlyRelease.seconds(promptTokens: leases.promptTokens)
      loop.hold(leases, seconds: seconds)
    }
    stream?.markComplete()
    stream?.finish(.ok)
  }

  private func sendBody(endOfStream: Bool) {
    guard let stream else { return }
    let bytes = bodyBytes
    guard let body, bytes.count > Self.copiedBody else {
      if !bytes.isEmpty || endOfStream { sendPiece(.request, bytes, endOfStream: endOfStream) }
      releaseBody()
      return
    }
    var offset = bodyStart
    while offset < body.count {
      let end = min(offset + ExtProcNames.maxChunk, body.count)
      let isLast = endOfStream && end == body.count
      let length = end - offset
      stream.send(
        head: BodyAnswer.headLength(length, endOfStream: isLast),
        { BodyAnswer.storeHead(.request, length, endOfStream: isLast, at: $0) },
        block: body, range: offset..<end, tail: isLast ? BodyAnswer.endOfStreamTail : "")
      offset = end
    }
  }

  private func sendPiece(
    _ direction: ProcessingMessage.Direction, _ bytes: UnsafeRawBufferPointer, endOfStream: Bool
  ) {
    let head = BodyAnswer.headLength(bytes.count, endOfStream: endOfStream)
    stream?.send(length: head + bytes.count + (endOfStream ? 2 : 0)) { pointer in
      BodyAnswer.storeHead(direction, bytes.count, endOfStream: endOfStream, at: pointer)
      if let source = bytes.baseAddress { (pointer + head).copyMemory(from: source, byteCount: bytes.count) }
      if endOfStream {
        (pointer + head + bytes.count).copyMemory(from: BodyAnswer.endOfStreamTail.utf8Start, byteCount: 2)
      }
    }
  }

  private func reject(_ rejection: Rejection) {
    machine.rejected()
    errorCode = rejection.code
    loop.log(rejection, requestID: headers.requestID ?? generatedRequestID)
    send(rejection.answer.packed())
    stream?.finish(.ok)
    releaseBody()
  }

  // MARK: Response

  private func pass(_ piece: UnsafeRawBufferPointer, endOfStream: Bool) {
    responseBytes += piece.count
    var rest = piece
    while rest.count > ExtProcNames.maxChunk {
      sendPiece(
        .response, UnsafeRawBufferPointer(rebasing: rest[..<ExtProcNames.maxChunk]), endOfStream: false)
      rest = UnsafeRawBufferPointer(rebasing: rest[ExtProcNames.maxChunk...])
    }
    sendPiece(.response, rest, endOfStream: endOfStream)
    if endOfStream { responseMayBeComplete() }
  }

  /// The response has ended: the endpoint is free of the request, even if the proxy keeps the stream open.
  private func responseMayBeComplete() {
    guard machine.isResponseComplete else { return }
    stream?.markComplete()
    guard leases != nil else { return }
    leases = nil
    if let model {
      loop.metrics.responseCompleted(
        model: model, nanoseconds: loop.clock.nanoseconds() &- receivedAt, responseBytes: responseBytes)
    }
  }

  // MARK: Ends

  func receivedHalfClose() {
    // The proxy says nothing more, so nothing more will be answered; what was answered still goes out.
    stream?.finish(.ok)
  }

  func exceeded(_ limit: GRPCLimit) {
    guard !machine.isForwarding else { return fail(GRPCStatus(.resourceExhausted, "\(limit)")) }
    switch limit {
    case .messageSize: reject(.bodyTooLarge(limit: limits.maxBodyBytes))
    case .connectionBuffers, .totalBuffers: reject(.buffersFull)
    }
  }

  func outputDrained() {
    if body != nil, machine.isForwarding { releaseBody() }
  }

  func ended() {
    leases = nil
    forwarding = nil
    placed = nil
    releaseBody()
    if isCounted, let model { loop.metrics.requestEnded(model: model) }
    if let errorCode { loop.metrics.requestFailed(model: model, code: errorCode) }
    headers.clear()
    stream = nil
    pool = nil
    model = nil
    if loop.spareCalls.count < 1_024 { loop.spareCalls.append(self) }
  }

  private func fail(_ status: GRPCStatus) {
    machine.rejected()
    errorCode = "Unknown"
    stream?.finish(status)
  }

  private func releaseBody() {
    guard body != nil else { return }
    body = nil
    bodyStart = 0
    _ = stream?.retain(headers.byteCount)
  }

  private func send(_ bytes: [UInt8]) {
    stream?.send(length: bytes.count) { $0.copyMemory(from: bytes, byteCount: bytes.count) }
  }
}

extension Director.Decision {
  consuming func takeLeases() -> Leases { leases }
}
