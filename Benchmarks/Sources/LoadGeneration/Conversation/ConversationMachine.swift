/// One request as a proxy in full-duplex mode sees it: an answer in, what to do next out.
///
/// Pure: neither sockets nor clocks. The answers must be, in this order: request headers with the destination, the
/// request body, whole and unchanged, response headers, the response body, whole and unchanged. An immediate answer
/// may come in place of the first. (Endpoint Picker protocol.)
package struct ConversationMachine {
  /// What is sent, and what must come back.
  package struct Exchange {
    /// The request body.
    package var requestBody: UnsafeRawBufferPointer
    /// The response body; nil when the stream ends with the request.
    package var responseBody: UnsafeRawBufferPointer?
    package var pool: EndpointPool

    package init(requestBody: UnsafeRawBufferPointer, responseBody: UnsafeRawBufferPointer?, pool: EndpointPool) {
      self.requestBody = requestBody
      self.responseBody = responseBody
      self.pool = pool
    }
  }

  /// What the owner has to do.
  package enum Action: Sendable, Hashable {
    /// Wait for more.
    case none
    /// Note that the destination is known; ``ConversationMachine/endpoint`` tells which.
    case decided
    /// The request was answered whole: send the response.
    case sendResponse
    /// Nothing more is due: end the stream and wait for its status.
    case finish
    /// Something is wrong, see ``ConversationMachine/fault``: reset the stream.
    case giveUp
  }

  private enum Phase: Sendable {
    case requestHeaders
    case requestBody
    case responseHeaders
    case responseBody
    case complete
    case rejected
    case faulty
  }

  private var phase = Phase.requestHeaders
  /// Bytes of the current body that have come back.
  private var offset = 0
  /// Index in the pool of the endpoint chosen.
  package private(set) var endpoint: Int?
  /// HTTP status of an immediate answer; nil without one.
  package private(set) var rejection: Int?
  /// What was wrong; nil when nothing was, so far.
  package private(set) var fault: Fault?

  /// At the start of a stream.
  package init() {}

  /// Whether everything was answered as it should be.
  package var isComplete: Bool { phase == .complete }

  /// An answer arrived; nil for a message that cannot be read.
  package mutating func received(_ answer: ProcessingAnswer?, in exchange: Exchange) -> Action {
    guard phase != .faulty else { return .none }
    guard let answer else { return fail(.unreadable) }
    switch (phase, answer.kind) {
    case (.requestHeaders, .requestHeaders):
      return receivedDestination(answer, exchange)
    case (.requestHeaders, .immediate):
      rejection = answer.status
      phase = .rejected
      return .finish
    case (.requestBody, .requestBody):
      if let fault = check(answer, exchange.requestBody) { return fail(fault) }
      guard answer.endOfStream else { return .none }
      guard exchange.responseBody != nil else {
        phase = .complete
        return .finish
      }
      phase = .responseHeaders
      return .sendResponse
    case (.responseHeaders, .responseHeaders):
      offset = 0
      phase = .responseBody
      return .none
    case (.responseBody, .responseBody):
      if let fault = check(answer, exchange.responseBody ?? answer.body) { return fail(fault) }
      guard answer.endOfStream else { return .none }
      phase = .complete
      return .finish
    case (.complete, _), (.rejected, _):
      return fail(.surplus)
    default:
      return fail(.outOfOrder)
    }
  }

  /// The picker ended the stream.
  /// - Parameter status: the gRPC status; nil without one.
  package mutating func ended(status: Int?) {
    switch phase {
    case .complete, .rejected:
      if status != 0 { _ = fail(.badStatus) }
    case .faulty: break
    default: _ = fail(status == 0 ? .endedEarly : .badStatus)
    }
  }

  private mutating func receivedDestination(_ answer: ProcessingAnswer, _ exchange: Exchange) -> Action {
    guard let destination = answer.destination, !destination.isEmpty else { return fail(.noDestination) }
    guard let metadata = answer.destinationMetadata, metadata.elementsEqual(destination) else {
      return fail(.metadataDiffers)
    }
    guard let endpoint = exchange.pool.index(of: destination) else { return fail(.foreignDestination) }
    self.endpoint = endpoint
    phase = .requestBody
    return .decided
  }

  /// Compares a piece of a body that came back with what was sent.
  private mutating func check(_ answer: ProcessingAnswer, _ sent: UnsafeRawBufferPointer) -> Fault? {
    guard answer.isStreamed else { return .notStreamed }
    let end = offset + answer.body.count
    guard end <= sent.count else { return .bodyTooLong }
    guard ByteComparison.equal(answer.body, UnsafeRawBufferPointer(rebasing: sent[offset..<end])) else {
      return .bodyChanged
    }
    offset = end
    return answer.endOfStream && end < sent.count ? .bodyTooShort : nil
  }

  private mutating func fail(_ fault: Fault) -> Action {
    self.fault = fault
    phase = .faulty
    return .giveUp
  }
}
