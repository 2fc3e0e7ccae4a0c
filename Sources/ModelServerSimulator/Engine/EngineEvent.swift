/// Something that happened in the engine.
public struct EngineEvent: Sendable, Equatable {
  /// When it happened.
  public let time: EngineInstant
  /// What happened.
  public let kind: Kind

  /// An event of `kind` at `time`.
  public init(time: EngineInstant, kind: Kind) {
    self.time = time
    self.kind = kind
  }

  /// What happened.
  public enum Kind: Sendable, Equatable {
    /// A waiting sequence joined the running batch; `cachedTokens` of its tokens need no prefill.
    case scheduled(SequenceID, cachedTokens: Int)
    /// A running sequence lost its blocks to an older one and waits at the head of the queue.
    case preempted(SequenceID)
    /// A sequence produced its first token.
    case firstToken(SequenceID)
    /// A sequence produced a further token.
    case token(SequenceID)
    /// A sequence produced its last token (reported just before) and left the engine.
    case finished(SequenceID)
    /// A step computed `tokens` tokens, prefill and decode together. Reported before the tokens of the step.
    case step(tokens: Int)
  }
}

/// Totals since the engine started.
public struct EngineStatistics: Sendable, Equatable {
  /// Requests accepted.
  public internal(set) var submitted = 0
  /// Requests that produced all of their tokens.
  public internal(set) var finished = 0
  /// Requests cancelled before that.
  public internal(set) var cancelled = 0
  /// Times a running sequence had to give up its blocks.
  public internal(set) var preemptions = 0
  /// Prompt tokens of the requests that reached their first token, cached ones included.
  public internal(set) var promptTokens = 0
  /// Prompt tokens looked up in the prefix cache.
  public internal(set) var queriedTokens = 0
  /// Prompt tokens found in the prefix cache.
  public internal(set) var cachedTokens = 0
  /// Tokens generated.
  public internal(set) var outputTokens = 0
  /// Steps executed.
  public internal(set) var steps = 0
  /// Most sequences that ever ran at once.
  public internal(set) var maxRunning = 0
}
