/// Reads from a response, while it passes, what the request cost and when tokens came.
///
/// Takes the body in chunks that may end anywhere and keeps nothing of it but the usage object's text (at most
/// ``Usage/maximumJSONBytes``), so no byte of a response has to be held back for it. Malformed responses leave the
/// usage as it was. Follows the Endpoint Picker protocol's rules for response bodies, except that usage of a wrong
/// type is ignored and lines may be split between chunks.
///
/// Used by one thread, for one response at a time; after a few responses it allocates no more.
package struct UsageReader {
  private enum Source: UInt8 {
    case document
    case events
    case frames
    /// Something that tells no cost.
    case unread
  }

  private var source = Source.unread
  private var scanner = UsageScanner()
  private var events = EventStreamReader()
  private var frames = VLLMFrameReader()
  private var latest = Usage()
  private var hasUsage = false
  private var hasToken = false

  /// A reader that waits for `begin`; until then it reads every response as one that tells nothing.
  package init() {}

  /// Gets ready for a response.
  /// - Parameters:
  ///   - family: the API that answers, see `InferenceRequest.API.responseFamily`.
  ///   - format: how its answer is written.
  package mutating func begin(family: ResponseFamily, format: ResponseFormat) {
    latest.clear()
    hasUsage = false
    hasToken = false
    switch (format, family) {
    case (.eventStream, _):
      source = .events
      scanner.begin(family: family)
      events.begin(family: family)
    case (.json, .openAI), (.json, .anthropic), (.json, .sglang):
      source = .document
      scanner.begin(family: family)
    case (.grpc, .vllmGenerate), (.grpc, .vllmEmbed):
      source = .frames
      frames.begin(isEmbedding: family == .vllmEmbed)
    default:
      source = .unread
    }
  }

  /// The usage that the server told last; nil if it told none yet.
  package var usage: Usage? { hasUsage ? latest : nil }

  /// Reads the next bytes of the body.
  package mutating func read(_ chunk: UnsafeRawBufferPointer) -> ChunkReading {
    var reading = ChunkReading()
    guard !chunk.isEmpty else { return reading }
    let isUpdated =
      switch source {
      case .document: scanner.read(chunk, into: &latest)
      case .events: events.read(chunk, with: &scanner, into: &latest, reading: &reading)
      case .frames: frames.read(chunk, into: &latest, reading: &reading)
      case .unread: false
      }
    if isUpdated { hasUsage = true }
    let countsTokens = source == .events || source == .frames
    if !hasToken, reading.tokenEventCount > 0 || !countsTokens {
      hasToken = true
      reading.hasFirstToken = true
    }
    return reading
  }
}
