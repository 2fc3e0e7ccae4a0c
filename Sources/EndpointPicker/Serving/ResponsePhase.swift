import InferenceAPI

/// What a picker learns from one response while it passes, and the model's name put back into it.
///
/// Keeps nothing of the body but the usage object and, where names were changed, the few bytes that may be the
/// beginning of one. Belongs to one stream at a time; after a few responses it allocates no more.
struct ResponsePhase {
  /// When the tokens of a response came.
  struct TokenTimes {
    /// Nanoseconds between the request and the first token; nil before it.
    var first: UInt64?
    /// When the last ones so far came, on the clock of the stream.
    var last: UInt64 = 0
    /// Events with tokens so far.
    var count = 0
  }

  /// What one piece of a body told.
  struct Progress {
    /// The first token came with the piece.
    var isFirstToken = false
    /// Events with tokens after the first one, and the nanoseconds since the token before them.
    var laterTokens = 0
    var gap: UInt64 = 0
  }

  private var reader = UsageReader()
  private var restorer: ModelNameRestorer?
  private(set) var isEventStream = false
  private(set) var byteCount = 0
  private(set) var times = TokenTimes()

  /// Forgets the last response.
  mutating func reset() {
    reader.begin(family: .none, format: .json)
    restorer = nil
    isEventStream = false
    byteCount = 0
    times = TokenTimes()
  }

  /// The request went on with another model's name, which is to be replaced by the client's in the response.
  mutating func expect(_ rewrite: ModelRewrite) {
    restorer = rewrite.target.withUnsafeBytes { target in
      rewrite.client.withUnsafeBytes { ModelNameRestorer(target: target, client: $0) }
    }
  }

  /// The headers arrived. A body in an encoding such as gzip is neither read nor changed.
  mutating func begin(
    family: ResponseFamily, contentType: UnsafeRawBufferPointer?, contentEncoding: UnsafeRawBufferPointer?
  ) {
    let format = contentType.map { ResponseFormat.detect(contentType: $0) } ?? .json
    let isReadable = contentEncoding.map { $0.isEmpty || $0.elementsEqual("identity".utf8) } ?? true
    isEventStream = format == .eventStream
    reader.begin(family: isReadable ? family : .none, format: isReadable ? format : .json)
    if !isReadable || format == .grpc { restorer = nil }
  }

  /// Whether the body may be changed on its way.
  var restoresModelName: Bool { restorer != nil }

  /// The cost that the server told last.
  var usage: Usage? { reader.usage }

  /// Reads a piece of the body.
  mutating func read(_ piece: UnsafeRawBufferPointer, now: UInt64, since start: UInt64) -> Progress {
    byteCount += piece.count
    var progress = Progress()
    let reading = reader.read(piece)
    var tokens = reading.tokenEventCount
    if reading.hasFirstToken {
      times.first = now &- start
      progress.isFirstToken = true
      tokens = max(0, tokens - 1)
      times.count += 1
    } else if tokens > 0 {
      progress.gap = now &- times.last
    }
    if reading.hasFirstToken || tokens > 0 { times.last = now }
    progress.laterTokens = tokens
    times.count += tokens
    return progress
  }

  /// Calls `body` with what to send in place of a piece.
  mutating func restore<Result>(
    _ piece: UnsafeRawBufferPointer, endOfStream: Bool, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard restorer != nil else { return body(piece) }
    return restorer?.restore(piece, endOfStream: endOfStream, body) ?? body(piece)
  }
}
