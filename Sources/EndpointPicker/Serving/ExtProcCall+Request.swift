import ByteStorage
import Endpoints
import ExtProc
import GRPC
import InferenceAPI
import Scheduling

/// The request: intake, pick, and the answer that sends it on or refuses it.
extension ExtProcCall {
  func receivedRequestHeaders(_ view: HeaderMapView) {
    headers.store(view)
    if !headers.hasRequestID { generatedRequestID = loop.random.uuid() }
    if let tracer = loop.tracer {
      trace = tracer.begin(traceparent: headers.traceparent, now: receivedAt, random: &loop.random)
    }
  }

  func receivedRequestBody(_ piece: UnsafeRawBufferPointer, endOfStream: Bool) {
    let action = machine.receivedBody(.request, byteCount: piece.count, endOfStream: endOfStream)
    switch action {
    case .appendBody, .pick:
      if append(piece) { perform(action) }
    default:
      perform(action)
    }
  }

  // MARK: Body

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

  private var bodyBytes: UnsafeRawBufferPointer {
    guard let body else { return Self.emptyBody }
    return UnsafeRawBufferPointer(rebasing: body.bytes[bodyStart...])
  }

  /// An empty body still has the padding that parsers read past the end.
  private static var emptyBody: UnsafeRawBufferPointer {
    let padding: StaticString = "                                                                "
    return UnsafeRawBufferPointer(start: padding.utf8Start, count: 0)
  }

  func releaseBody() {
    guard body != nil else { return }
    body = nil
    bodyStart = 0
    _ = stream?.retain(headers.byteCount)
  }

  // MARK: Pick

  func pick(_ basis: StreamMachine.PickBasis) {
    trace?.beginOrchestration(now: loop.clock.nanoseconds())
    decide(basis, nil)
  }

  /// - Parameter resumption: what earlier attempts came to.
  func decide(_ basis: StreamMachine.PickBasis, _ resumption: Director.Resumption?) {
    guard let pool else { return }
    var input = Director.Input(headers: headers, body: nil, subset: subset, resumption: resumption)
    input.receivedAt = receivedAt
    if pool.flow != nil, resumption?.turn == nil { input.makeWaiter = { [unowned self] in makeWaiter() } }
    switch basis {
    case .headersOnly, .headersBeforeBody, .bufferedBody(isWhole: false): break
    case .body, .bodyThenTrailers, .bufferedBody: input.body = bodyBytes
    }
    do throws(Rejection) {
      switch try Director.decide(input, pool: pool, loop: loop, placement: placement, label: &model) {
      case .awaiting(let inquiry, let resumption):
        ask(inquiry, resumption, basis)
      case .queued(let ticket, let resumption):
        wait(ticket, resumption, basis)
      case .decided(let decision):
        observations = decision.observations
        takeRecord()
        if let rewrite = decision.rewrite { try replaceModel(rewrite) }
        traceOrchestration(endpoint: decision.endpoints.first, error: nil)
        answer(decision, basis)
      }
    } catch {
      if note.record == nil { takeRecord() }
      traceOrchestration(endpoint: nil, error: error.code)
      reject(error)
    }
  }

  private func traceOrchestration(endpoint: Endpoint?, error: String?) {
    guard let trace else { return }
    trace.endOrchestration(
      endpoint: endpoint?.addressText, model: model?.labels.targetModel, priority: model?.labels.priority ?? 0,
      error: error, now: loop.clock.nanoseconds())
  }

  /// Puts another model's name into the body and leaves every other byte as it came.
  private func replaceModel(_ rewrite: ModelRewrite) throws(Rejection) {
    guard let range = ModelFieldLocator.valueRange(in: bodyBytes) else { throw .modelNotReplaceable }
    let name = rewrite.target.withUnsafeBytes { JSONText.string($0) }
    let block = ByteBlock()
    block.reserve(bodyBytes.count - range.count + name.count)
    block.append(UnsafeRawBufferPointer(rebasing: bodyBytes[..<range.lowerBound]))
    name.withUnsafeBytes { block.append($0) }
    block.append(UnsafeRawBufferPointer(rebasing: bodyBytes[range.upperBound...]))
    body = block
    bodyStart = 0
    response.expect(rewrite)
  }

  // MARK: Answer

  private func answer(_ decision: consuming Director.Decision, _ basis: StreamMachine.PickBasis) {
    machine.picked()
    forwarding = decision.forwarding
    placed = decision.placed
    family = decision.family
    if case .bufferedBody = basis {
      sendDestination(decision.endpoints, .body(.request), replacingBody: decision.rewrite != nil)
    } else {
      sendDestination(decision.endpoints, .headers(.request))
    }
    beginAttempt(decision.endpoints)
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
    answerDeferred()
    loop.instruments.requestAnswered(nanoseconds: loop.clock.nanoseconds() &- receivedAt)
    if basis != .headersOnly, let model {
      loop.metrics.requestStarted(model: model)
      isCounted = true
    }
  }

  private func sendDestination(_ endpoints: [Endpoint], _ kind: Answer.Kind, replacingBody: Bool = false) {
    let isPlain =
      generatedRequestID == nil && forwarding == nil && trace == nil && note.record?.changesAnswer != true
    if isPlain, endpoints.count == 1, kind == .headers(.request) {
      send(loop.answers.destination(endpoints[0]))
      return
    }
    var more = forwarding?.requestHeaders ?? []
    if let generatedRequestID { more.append((name: "x-request-id", value: generatedRequestID)) }
    // The model server's spans become children of the picker's.
    if let trace { more.append((name: "traceparent", value: trace.context.traceparent)) }
    // A proxy that buffers sends the body on with the length it says.
    if replacingBody { more.append((name: "content-length", value: String(bodyBytes.count))) }
    var answer = HeaderAnswers.make(
      kind, destination: destination(endpoints), headers: more, removing: forwarding?.removedRequestHeaders ?? [],
      metadata: note.record?.metadata ?? [])
    if replacingBody { answer.body = Array(bodyBytes) }
    send(answer.packed())
  }

  private func destination(_ endpoints: [Endpoint]) -> String {
    guard let port = forwarding?.destinationPort else {
      return endpoints.map(\.addressText).joined(separator: ",")
    }
    return endpoints.map { EndpointAddress(host: $0.address.host, port: port).description }.joined(separator: ",")
  }

  /// Ends the stream with the request. The response will not be seen, so the lease ends when it probably has.
  private func releaseStream() {
    if let leases = leases.take() {
      let seconds = EarlyRelease.seconds(promptTokens: leases.promptTokens)
      loop.hold(leases, seconds: seconds)
    }
    stream?.markComplete()
    finish(.ok)
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

  func reject(_ rejection: Rejection) {
    machine.rejected()
    errorCode = rejection.code
    loop.log(
      rejection, requestID: headers.requestID ?? generatedRequestID,
      pool: loop.explainer.namesPools ? pool?.name : nil)
    var answer = rejection.answer
    if let record = note.record { answer.headers += record.responseHeaders }
    send(answer.packed())
    finish(.ok)
    releaseBody()
  }
}

extension Director.Decision {
  consuming func takeLeases() -> Leases { leases }
}
