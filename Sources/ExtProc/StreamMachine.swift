/// The states of one ext_proc stream: a message in, an action out.
///
/// A pure value without I/O, clocks or bodies: the owner keeps the bytes, runs the scheduler and sends the answers.
///
///     waiting ─headers─▶ collecting ─body end / trailers─▶ picking ─picked─▶ forwarding ─response end─▶ done
///         └──headers without body──────────────────────────▶ picking ─rejected─▶ done
///
/// What happens in between depends on the mode in which the proxy sends each body (``BodyModes``):
///
/// - *Full duplex*, and whenever the proxy does not say: the answer to the request headers waits for the end of the
///   request body, comes first, and is followed by the body (Endpoint Picker protocol); the response passes through
///   piece by piece.
/// - *Streamed*: the proxy waits for the answer to the headers before it sends the body, so the endpoint is picked on
///   the headers and every piece is answered on its own. A proxy that sends pieces early still stops when its buffer is
///   full of unanswered ones, and keeps trailers back until they are answered, so it is treated alike.
/// - *Buffered*, whole or partial: the headers are acknowledged at once, the endpoint is picked when the body arrives,
///   and the answer to the body carries it.
/// - *None*: the endpoint is picked on the headers.
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
    /// Acknowledge the request headers; the endpoint follows with the answer to the body.
    case acknowledgeRequestHeaders
    /// Acknowledge a piece of a body without sending it back.
    case acknowledgeBody(ProcessingMessage.Direction)
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
    /// There is a body that is not seen before the answer, or not at all. The header answer alone is sent.
    case headersBeforeBody
    /// The body is there, or its beginning if it is not whole. The answer to the body carries the endpoint.
    case bufferedBody(isWhole: Bool)
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

  /// Answers owed to messages that arrived while an endpoint was picked, which takes a while when plugins ask other
  /// processes. They follow the answer to the headers.
  public struct Deferred: Sendable, Hashable {
    /// Pieces of the request body to acknowledge, before the trailers.
    public var bodyPieces = 0
    /// Whether to answer the request trailers.
    public var hasTrailers = false

    /// Answers owed; none unless given.
    public init(bodyPieces: Int = 0, hasTrailers: Bool = false) {
      self.bodyPieces = bodyPieces
      self.hasTrailers = hasTrailers
    }
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
  private var isRequestEnded = false
  private var deferred = Deferred()
  private let maxBodyBytes: Int
  private let allowsEarlyRelease: Bool
  private var modes = BodyModes(request: .fullDuplexStreamed, response: .fullDuplexStreamed)

  /// Creates the state of a new stream.
  /// - Parameters:
  ///   - maxBodyBytes: most bytes of a request body that are kept.
  ///   - allowsEarlyRelease: end the stream when the request was answered, where the proxy buffers request bodies.
  public init(maxBodyBytes: Int, allowsEarlyRelease: Bool = false) {
    self.maxBodyBytes = maxBodyBytes
    self.allowsEarlyRelease = allowsEarlyRelease
  }

  /// The response is complete: what the request held can be released.
  public var isResponseComplete: Bool { responseEnded }

  /// An endpoint was picked and the request is on its way or was answered.
  public var isForwarding: Bool { phase == .forwarding }

  /// The proxy told its body modes, which comes with its first message. Modes this program does not know are taken for
  /// full duplex.
  public mutating func received(_ modes: BodyModes) {
    guard phase == .waiting, !responseStarted else { return }
    self.modes = modes
  }

  /// The stream ends with the answer to the request, and the proxy is asked to send nothing of the response. Never in
  /// full duplex, where ending a stream early loses data.
  public var releasesEarly: Bool {
    allowsEarlyRelease && (modes.request == .buffered || modes.request == .bufferedPartial)
  }

  /// The response body is sent back piece by piece, so it may be cut differently than it came.
  public var passesResponseBody: Bool { modes.response == .fullDuplexStreamed || modes.response == nil }

  /// The response body arrives whole, before the proxy sends its headers on.
  public var holdsResponseBody: Bool { modes.response == .buffered }

  /// Headers arrived.
  public mutating func receivedHeaders(_ direction: ProcessingMessage.Direction, endOfStream: Bool) -> Action {
    switch direction {
    case .request:
      guard phase == .waiting, !responseStarted else { return .fail(.unexpected("second request headers")) }
      guard !endOfStream else {
        return startPicking(.headersOnly)
      }
      switch modes.request {
      case .some(.none), .streamed:
        return startPicking(.headersBeforeBody)
      case .buffered, .bufferedPartial:
        phase = .collecting
        return .acknowledgeRequestHeaders
      case .fullDuplexStreamed, nil:
        phase = .collecting
        return .none
      }
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
    case .forwarding where modes.request == .streamed:
      return .acknowledgeBody(.request)
    case .picking(.headersBeforeBody) where modes.request == .streamed:
      deferred.bodyPieces += 1
      return .none
    case .picking, .forwarding, .done:
      // Envoy can repeat the end of the body, as an empty message of its own or with the last piece again.
      let isRepeated = byteCount == 0 || endOfStream && isRequestEnded
      return isRepeated || phase == .done ? .none : .fail(.unexpected("request body after its end"))
    }
    bodyBytes += byteCount
    guard bodyBytes <= maxBodyBytes else {
      phase = .done
      return .rejectTooLarge
    }
    if modes.request == .buffered || modes.request == .bufferedPartial {
      // Trailers leave the end unmarked; only a partial body can be cut short.
      return startPicking(.bufferedBody(isWhole: endOfStream || modes.request == .buffered))
    }
    isRequestEnded = endOfStream
    guard endOfStream else { return byteCount > 0 ? .appendBody : .none }
    return startPicking(.body)
  }

  private mutating func receivedResponseBody(_ endOfStream: Bool) -> Action {
    guard responseStarted else { return .fail(.unexpected("response body before response headers")) }
    guard !responseEnded else { return .none }
    responseEnded = endOfStream
    switch modes.response {
    case .fullDuplexStreamed, nil: return .passResponseBody(endOfStream: endOfStream)
    case .some(.none), .streamed, .buffered, .bufferedPartial: return .acknowledgeBody(.response)
    }
  }

  /// Trailers arrived.
  public mutating func receivedTrailers(_ direction: ProcessingMessage.Direction) -> Action {
    switch direction {
    case .request:
      switch phase {
      case .waiting: return .fail(.unexpected("request trailers before request headers"))
      case .collecting:
        guard modes.request != .buffered, modes.request != .bufferedPartial else {
          return .fail(.unexpected("request trailers instead of a buffered body"))
        }
        return startPicking(.bodyThenTrailers)
      case .picking:
        deferred.hasTrailers = true
        return .none
      case .forwarding: return .answerTrailers(.request)
      case .done: return .none
      }
    case .response:
      guard responseStarted else { return .fail(.unexpected("response trailers before response headers")) }
      responseEnded = true
      return .answerTrailers(.response)
    }
  }

  private mutating func startPicking(_ basis: PickBasis) -> Action {
    phase = .picking(basis)
    return .pick(basis)
  }

  /// An endpoint is being picked: the owner has yet to report by ``picked()`` or ``rejected()``.
  public var isPicking: Bool {
    if case .picking = phase { true } else { false }
  }

  /// What to answer behind the answers of a pick that succeeded; each is told once.
  public mutating func takeDeferred() -> Deferred {
    defer { deferred = Deferred() }
    return deferred
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
