import ExtProc
import GRPC
import InferenceAPI
import Scheduling

/// The response: read while it passes, changed only where plugins add headers or a model's name was replaced.
extension ExtProcCall {
  func receivedResponseHeaders(_ view: HeaderMapView) {
    guard machine.isForwarding else { return }
    judgeAttempt(view)
    note.responseBegan = loop.clock.nanoseconds()
    if let status = view.last(":status" as StaticString), let first = status.first, first >= UInt8(ascii: "4") {
      errorCode = "ModelServerError"
    }
    if note.record != nil, let status = view.last(":status" as StaticString) {
      note.responseStatus = Int(String(decoding: status, as: UTF8.self))
    }
    response.begin(
      family: family, contentType: view.last("content-type" as StaticString),
      contentEncoding: view.last("content-encoding" as StaticString))
  }

  func answerResponseHeaders() {
    leases?.responseStarted()
    send(responseHeadersAnswer())
    responseMayBeComplete()
  }

  private func responseHeadersAnswer() -> [UInt8] {
    guard placed != nil || note.record != nil else { return loop.answers.responseHeaders }
    var headers = note.record?.responseHeaders ?? []
    if let placed, let pool {
      for plugin in pool.responsePlugins { plugin.addResponseHeaders(placed, to: &headers) }
    }
    return headers.isEmpty ? loop.answers.responseHeaders : HeaderAnswers.make(responseHeaders: headers).packed()
  }

  func receivedResponseBody(_ piece: UnsafeRawBufferPointer, endOfStream: Bool) {
    let action = machine.receivedBody(.response, byteCount: piece.count, endOfStream: endOfStream)
    let began = loop.clock.nanoseconds()
    defer { if response.isEventStream { note.responseNanoseconds &+= loop.clock.nanoseconds() &- began } }
    switch action {
    case .passResponseBody(let endOfStream):
      read(piece, now: began)
      let metadata = endOfStream ? responseMetadata() : []
      response.restore(piece, endOfStream: endOfStream) { restored in
        // Held back as a whole.
        if restored.isEmpty, !piece.isEmpty, !endOfStream { return }
        send(restored, endOfStream: endOfStream, metadata: metadata)
      }
      if endOfStream { responseMayBeComplete() }
    case .acknowledgeBody(.response):
      read(piece, now: began)
      acknowledge(piece, endOfStream: endOfStream)
      responseMayBeComplete()
    default:
      perform(action)
    }
  }

  private func read(_ piece: UnsafeRawBufferPointer, now: UInt64) {
    guard !piece.isEmpty else { return }
    observePiece(piece, now: now)
    let progress = response.read(piece, now: now, since: receivedAt)
    guard response.isEventStream, let model else { return }
    loop.metrics.tokensArrived(progress, at: response.times.first, model: model)
  }

  /// Sends a piece on, in as many answers as it takes.
  private func send(_ piece: UnsafeRawBufferPointer, endOfStream: Bool, metadata: [UInt8]) {
    var rest = piece
    while rest.count > ExtProcNames.maxChunk {
      sendPiece(
        .response, UnsafeRawBufferPointer(rebasing: rest[..<ExtProcNames.maxChunk]), endOfStream: false)
      rest = UnsafeRawBufferPointer(rebasing: rest[ExtProcNames.maxChunk...])
    }
    sendPiece(.response, rest, endOfStream: endOfStream, metadata: metadata)
  }

  /// Answers a piece that the proxy passes on by itself, unless it has to be another one.
  private func acknowledge(_ piece: UnsafeRawBufferPointer, endOfStream: Bool) {
    let metadata = endOfStream ? responseMetadata() : []
    guard response.restoresModelName else {
      return send(loop.answers.responseBody, followedBy: metadata)
    }
    response.restore(piece, endOfStream: endOfStream) { restored in
      guard restored.baseAddress != piece.baseAddress || restored.count != piece.count else {
        return send(loop.answers.responseBody, followedBy: metadata)
      }
      var answer = Answer(.body(.response))
      answer.body = Array(restored)
      // A proxy that buffers refuses a body of another length than it told.
      if machine.holdsResponseBody { answer.headers = [("content-length", String(restored.count))] }
      send(answer.packed(), followedBy: metadata)
    }
  }

  func answerResponseTrailers() {
    // What was held back of the body goes out before its end; only a body that is sent back piece by piece can get it.
    if response.restoresModelName, machine.passesResponseBody {
      response.restore(UnsafeRawBufferPointer(start: nil, count: 0), endOfStream: true) { rest in
        if !rest.isEmpty { send(rest, endOfStream: false, metadata: []) }
      }
    }
    send(loop.answers.responseTrailers, followedBy: responseMetadata())
    responseMayBeComplete()
  }

  /// The response has ended: the endpoint is free of the request, even if the proxy keeps the stream open.
  func responseMayBeComplete() {
    guard machine.isResponseComplete else { return }
    stream?.markComplete()
    guard let slot = leases?.slot else { return }
    learnCachedTokens(slot)
    leases = nil
    endObservations(isComplete: true)
    let now = loop.clock.nanoseconds()
    responseProcessed(now: now)
    guard let model else { return }
    loop.metrics.responseCompleted(model: model, response, nanoseconds: now &- receivedAt)
  }

  // MARK: Feedback

  /// The server may have told what it had cached of the prompt. One that tells it at all leaves it out when it had
  /// nothing.
  private func learnCachedTokens(_ slot: Int) {
    guard let pool, !pool.placementFollowers.isEmpty, let usage = response.usage, let prompt = usage.promptTokens,
      prompt > 0, errorCode == nil, let column = pool.tellsCachedTokens
    else { return }
    if usage.cachedTokens != nil {
      pool.endpoints.store(1, in: column, slot: slot)
    } else {
      guard pool.endpoints.value(column, slot: slot) > 0 else { return }
    }
    placement.requestServed(
      slot: slot, cachedShare: min(1, Double(usage.cachedTokens ?? 0) / Double(prompt)),
      followers: pool.placementFollowers, table: pool.endpoints)
  }

  /// The proxy may have used a fallback: the load, and what the endpoint has cached now, belong to the one that serves.
  func followServedEndpoint(_ address: String?) {
    guard let address, let pool, leases != nil else { return }
    let snapshot = pool.endpoints.snapshot()
    guard let index = snapshot.index(ofAddress: address) else { return }
    let served = snapshot.endpoints[index]
    placed?.endpoint = served
    guard let slot = leases?.slot, slot != served.slot else { return }
    leases?.move(to: served.slot)
    placement.requestMoved(from: slot, to: served, followers: pool.placementFollowers, table: pool.endpoints)
  }

  // MARK: Sending

  /// A `ProcessingResponse` that carries what plugins report about the response; empty without such plugins.
  private func responseMetadata() -> [UInt8] {
    guard let pool, !pool.responseReporters.isEmpty, let usage = response.usage else { return [] }
    var answer = Answer(.metadata)
    for reporter in pool.responseReporters {
      if let report = reporter.report(usage) {
        answer.metadata.append(
          Answer.MetadataField(namespace: report.namespace, key: report.name, value: .number(report.value)))
      }
    }
    // Fields of one namespace follow each other.
    answer.metadata.sort { $0.namespace < $1.namespace }
    return answer.metadata.isEmpty ? [] : answer.packed()
  }

  /// Sends a message and more fields of the same message: protobuf reads messages behind each other as one.
  private func send(_ bytes: [UInt8], followedBy more: [UInt8]) {
    guard !more.isEmpty else { return send(bytes) }
    send(bytes + more)
  }

  func sendPiece(
    _ direction: ProcessingMessage.Direction, _ bytes: UnsafeRawBufferPointer, endOfStream: Bool,
    metadata: [UInt8] = []
  ) {
    let head = BodyAnswer.headLength(bytes.count, endOfStream: endOfStream)
    stream?.send(length: head + bytes.count + (endOfStream ? 2 : 0) + metadata.count) { start in
      var pointer = start
      BodyAnswer.storeHead(direction, bytes.count, endOfStream: endOfStream, at: pointer)
      pointer += head
      if let source = bytes.baseAddress { pointer.copyMemory(from: source, byteCount: bytes.count) }
      pointer += bytes.count
      if endOfStream {
        pointer.copyMemory(from: BodyAnswer.endOfStreamTail.utf8Start, byteCount: 2)
        pointer += 2
      }
      if !metadata.isEmpty { pointer.copyMemory(from: metadata, byteCount: metadata.count) }
    }
  }
}
