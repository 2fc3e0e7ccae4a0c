/// The states of one ext_proc stream: a message in, an action out.
///
/// A pure value without I/O, clocks or bodies: the owner keeps the bytes, runs the scheduler and sends the answers.
/// It follows the Endpoint Picker protocol for full-duplex bodies: the answer to the request headers waits for the end
/// of the request body, comes first, and is followed by the body; the response passes through piece by piece.
///
///     waiting ─headers─▶ collecting ─body end / trailers─▶ picking ─picked─▶ forwarding ─response end─▶ done
///         └──headers without body──────────────────────────▶ picking ─rejected─▶ done
///
/// A response that begins before the request was answered is the proxy's own (a local reply): the request is given up.
public struct StreamMachine: Sendable, Hashable {
  /// What the owner has to do next.
  public enum Action: Sendable, Hashable {
    /// Wait for more.
    case none
    /// Keep the piece of the request body.
    case appendBody
    /// Keep the piece, if any, then pick an endpoint and report by ``picked()`` or ``rejected()``.
    case pick(PickBasis)
    /// Answer the response headers.
    case answerResponseHeaders
    /// Send this piece of the response body back.
    case passResponseBody(endOfStream: Bool)
    /// Answer trailers.
    case answerTrailers(ProcessingMessage.Direction)
    /// End the stream with `RESOURCE_EXHAUSTED` or an immediate 413: the request body exceeds the cap.
    case rejectTooLarge
    /// End the stream with an error: the message makes no sense now.
    case fail(Failure)
  }

  /// What is known of the request when an endpoint is picked, and how the answer ends.
  public enum PickBasis: Sendable, Hashable {
    /// There is no body. The header answer alone is sent.
    case headersOnly
    /// The body is complete. It is sent back with its last piece marked as the end.
    case body
    /// The body was ended by trailers. It is sent back without an end, then the trailers are answered.
    case bodyThenTrailers
  }

  /// Why a stream is ended with an error.
  public enum Failure: Sendable, Hashable {
    /// The message may not come now; the text names it.
    case unexpected(String)
  }

  private enum Phase: Sendable, Hashable {
    case waiting
    case collecting
    case picking(PickBasis)
    case forwarding
    case done
  }

  private var phase = Phase.waiting
  private var responseStarted = false
  private var responseEnded = false
  private var bodyBytes = 0
  private let maxBodyBytes: Int

  /// Creates the state of a new stream.
  /// - Parameter maxBodyBytes: most bytes of a request body that are kept.
  public init(maxBodyBytes: Int) {
    self.maxBodyBytes = maxBodyBytes
  }

  /// The response is complete: what the request held can be released.
  public var isResponseComplete: Bool { responseEnded }

  /// An endpoint was picked and the request is on its way or was answered.
  public var isForwarding: Bool { phase == .forwarding }

  /// Headers arrived.
  public mutating func receivedHeaders(_ direction: ProcessingMessage.Direction, endOfStream: Bool) -> Action {
    switch direction {
    case .request:
      guard phase == .waiting, !responseStarted else { return .fail(.unexpected("second request headers")) }
      guard endOfStream else {
        phase = .collecting
        return .none
      }
      phase = .picking(.headersOnly)
      return .pick(.headersOnly)
    case .response:
      guard !responseStarted else { return .fail(.unexpected("second response headers")) }
      responseStarted = true
      responseEnded = endOfStream
      if phase != .forwarding { phase = .done }
      return .answerResponseHeaders
    }
  }

  /// A piece of a body arrived.
  public mutating func receivedBody(
    _ direction: ProcessingMessage.Direction, byteCount: Int, endOfStream: Bool
  ) -> Action {
    switch direction {
    case .request: receivedRequestBody(byteCount, endOfStream)
    case .response: receivedResponseBody(endOfStream)
    }
  }

  private mutating func receivedRequestBody(_ byteCount: Int, _ endOfStream: Bool) -> Action {
    switch phase {
    case .waiting: return .fail(.unexpected("request body before request headers"))
    case .collecting: break
    case .picking, .forwarding, .done:
      // Envoy can repeat the end of the body in an empty message of its own.
      return byteCount == 0 || phase == .done ? .none : .fail(.unexpected("request body after its end"))
    }
    bodyBytes += byteCount
    guard bodyBytes <= maxBodyBytes else {
      phase = .done
      return .rejectTooLarge
    }
    guard endOfStream else { return byteCount > 0 ? .appendBody : .none }
    phase = .picking(.body)
    return .pick(.body)
  }

  private mutating func receivedResponseBody(_ endOfStream: Bool) -> Action {
    guard responseStarted else { return .fail(.unexpected("response body before response headers")) }
    guard !responseEnded else { return .none }
    responseEnded = endOfStream
    return .passResponseBody(endOfStream: endOfStream)
  }

  /// Trailers arrived.
  public mutating func receivedTrailers(_ direction: ProcessingMessage.Direction) -> Action {
    switch direction {
    case .request:
      switch phase {
      case .waiting: return .fail(.unexpected("request trailers before request headers"))
      case .collecting:
        phase = .picking(.bodyThenTrailers)
        return .pick(.bodyThenTrailers)
      case .picking, .forwarding: return .answerTrailers(.request)
      case .done: return .none
      }
    case .response:
      guard responseStarted else { return .fail(.unexpected("response trailers before response headers")) }
      responseEnded = true
      return .answerTrailers(.response)
    }
  }

  /// The pick asked for succeeded; its answers are being sent.
  public mutating func picked() {
    if case .picking = phase { phase = .forwarding }
  }

  /// The pick asked for failed; an immediate answer ends the stream.
  public mutating func rejected() {
    phase = .done
  }
}
