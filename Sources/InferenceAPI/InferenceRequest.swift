/// What the scheduler needs to know of one inference request.
///
/// The views in it are borrowed from the `RequestParsingContext` that parsed it and from nothing else: they outlive
/// the body's buffer and end with the context's next parse or `reset`.
public struct InferenceRequest {
  /// The API that the request's path names.
  public enum API: Sendable, Hashable, CaseIterable {
    /// OpenAI `/v1/chat/completions`.
    case chatCompletions
    /// OpenAI `/v1/completions`.
    case completions
    /// OpenAI `/v1/responses`.
    case responses
    /// OpenAI `/v1/conversations`.
    case conversations
    /// OpenAI `/v1/embeddings`.
    case embeddings
    /// OpenAI `/v1/images/generations`.
    case imageGenerations
    /// Anthropic `/v1/messages`.
    case messages
    /// vLLM `/inference/v1/generate`.
    case vllmGenerate
    /// SGLang `/generate`.
    case sglangGenerate
    /// vLLM's gRPC method `Generate`.
    case vllmGRPCGenerate
    /// vLLM's gRPC method `Embed`.
    case vllmGRPCEmbed
    /// The body was not looked at.
    case passthrough
    /// A call that is known not to be inference, such as a health check. Any endpoint will do, and nobody needs to see
    /// the response.
    case notInference
  }

  /// The API that the request was read as.
  public let api: API

  /// The unescaped UTF-8 bytes of `model`; nil if the API doesn't carry one in its body.
  public let model: UnsafeRawBufferPointer?

  /// Whether the client asked for a stream of chunks (`"stream": true`).
  public let isStreaming: Bool

  /// The client's limit of output tokens, 1 or more.
  public let maxOutputTokens: Int?

  /// The bytes of a non-empty `cache_salt`: requests of different salts must not share cached prefixes.
  public let cacheSalt: UnsafeRawBufferPointer?

  /// What the request tells the model.
  public private(set) var prompts: PromptSegments

  /// Whether the prompts are token ids.
  public private(set) var isTokenized: Bool

  /// Images, videos and pieces of audio in the prompts.
  public let mediaItems: Int

  /// Bytes in all prompts.
  public private(set) var promptByteCount: Int

  /// ceil(bytes / 4) summed over the prompts: exact for token ids, an estimate for text.
  public private(set) var promptTokenCount: Int

  /// A request with the prompts collected in `context`.
  init(
    api: API, model: UnsafeRawBufferPointer? = nil, isStreaming: Bool = false, maxOutputTokens: Int? = nil,
    cacheSalt: UnsafeRawBufferPointer? = nil, isTokenized: Bool = false, context: RequestParsingContext
  ) {
    self.api = api
    self.model = model
    self.isStreaming = isStreaming
    self.maxOutputTokens = maxOutputTokens
    self.cacheSalt = cacheSalt
    self.prompts = context.prompt.prompts
    self.isTokenized = isTokenized
    self.mediaItems = context.prompt.mediaItems
    self.promptByteCount = context.prompt.byteCount
    self.promptTokenCount = context.prompt.tokenCount
  }

  /// The same request with the tokens that a tokenizer made of its prompts, 32-bit little-endian words. They must live as
  /// long as the request.
  public func tokenized(as tokens: PromptSegments) -> InferenceRequest {
    var request = self
    request.prompts = tokens
    request.isTokenized = true
    request.promptByteCount = tokens.segments.reduce(0) { $0 + $1.count }
    request.promptTokenCount = request.promptByteCount / 4
    return request
  }

  /// Where the body names the model, for requests that are sent on with another one.
  public var modelField: ModelField { model == nil ? .none : api.modelField }

  /// Whether the stream may end once the request was sent on, without a look at the response.
  public var skipsResponse: Bool { api == .notInference }
}

/// Where a request body names its model.
public enum ModelField: Sendable, Hashable {
  /// Nowhere that could be rewritten.
  case none
  /// The top-level member `model` of a JSON object.
  case jsonMember
}

extension InferenceRequest.API {
  /// Where bodies of this API name the model.
  public var modelField: ModelField {
    switch self {
    case .chatCompletions, .completions, .responses, .conversations, .embeddings, .imageGenerations, .messages,
      .vllmGenerate:
      .jsonMember
    case .sglangGenerate, .vllmGRPCGenerate, .vllmGRPCEmbed, .passthrough, .notInference:
      .none
    }
  }
}
