import GRPC

/// What is kept of a stream for those who observe it.
struct StreamNote {
  /// Whether the first message has been looked at for the proxy's modes.
  var hasModes = false
  /// How the stream was ended here; cancelled until it is.
  var status = GRPCStatus.Code.cancelled
  /// What is noted of the decision; nil for most.
  var record: DecisionRecord?
  var responseStatus: Int?
  var servedEndpoint: String?
  /// When the response began, and what its pieces took here.
  var responseBegan: UInt64 = 0
  var responseNanoseconds: UInt64 = 0
}

extension ExtProcCall {
  /// Keeps the note of the decision just made, if there is one.
  func takeRecord() {
    note.record = loop.explainer.take(headers, generatedRequestID: generatedRequestID)
  }

  /// Ends the stream from this side.
  func finish(_ status: GRPCStatus) {
    note.status = status.code
    stream?.finish(status)
  }

  /// The response is complete: what it took here is the time in its pieces where they came one after the other, else
  /// the time until the last.
  func responseProcessed(now: UInt64) {
    loop.instruments.responseAnswered(
      nanoseconds: response.isEventStream ? note.responseNanoseconds : now &- note.responseBegan)
  }

  /// The stream is over.
  func noteEnd() {
    if machine.isResponseComplete { note.status = .ok }
    guard loop.instruments.countsStreams || note.record != nil else { return }
    let nanoseconds = loop.clock.nanoseconds() &- receivedAt
    loop.instruments.streamEnded(note.status, nanoseconds: nanoseconds)
    guard let record = note.record else { return }
    var outcome = DecisionRecord.Outcome()
    outcome.status = note.responseStatus
    outcome.servedEndpoint = note.servedEndpoint
    outcome.durationNanoseconds = nanoseconds
    outcome.firstTokenNanoseconds = response.times.first
    outcome.responseBytes = response.byteCount
    outcome.promptTokens = response.usage?.promptTokens
    outcome.cachedTokens = response.usage?.cachedTokens
    outcome.outputTokens = response.usage?.completionTokens
    outcome.error = errorCode ?? (note.status == .ok ? nil : note.status.name)
    loop.explainer.ended(record, outcome)
    note.record = nil
  }
}
