import InferenceAPI

/// One request, as plugins see it. Its views are valid during the scheduling cycle only.
public struct SchedulingRequest {
  /// What the body said; nil for requests without a body.
  public var inference: InferenceRequest?
  /// The model that will be asked for, after rewrites; empty if unknown.
  public var targetModel = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Looks up request headers.
  public var headers: (any RequestHeaders)?
  /// Priority of the request's objective; negative priorities can be shed.
  public var priority = 0
  /// Images, videos and audio clips in the prompts.
  public var mediaItems = 0
  /// Where they are, when the prompts are tokens of a tokenizer that says so.
  public var media: [TokenizedMedia] = []
  /// Bytes of the request body.
  public var bodyBytes = 0
  /// The request body; empty when there is none or only a part of it is known.
  public var body = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Creates a request about which nothing is known.
  public init() {}

  /// Prompt tokens, counted or estimated at four bytes each.
  public var promptTokens: Int { inference?.promptTokenCount ?? 0 }

  /// How long after the request its client wants the first token, in seconds; nil when its headers do not say.
  public var timeToFirstTokenObjective: Double? { headers.flatMap(LatencyObjectives.timeToFirstToken) }
}

/// The headers of a request.
public protocol RequestHeaders: AnyObject {
  /// The value of the last header with this lower-case name.
  func value(of name: String) -> UnsafeRawBufferPointer?
}
