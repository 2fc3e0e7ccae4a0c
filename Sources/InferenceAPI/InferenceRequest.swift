/// What the scheduler needs to know of one inference request.
///
/// The views in it are borrowed from the `RequestParsingContext` that parsed it and from nothing else: they outlive
/// the body's buffer and end with the context's next parse or `reset`.
public struct InferenceRequest {
  /// The API that the request's path names.
  public enum API: Sendable, Equatable {
    case chatCompletions
    case completions
    /// The body was not looked at.
    case passthrough
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
  public let prompts: PromptSegments

  /// Whether the prompts came as token ids.
  public let isTokenized: Bool

  /// Bytes in all prompts.
  public let promptByteCount: Int

  /// ceil(bytes / 4) summed over the prompts: exact for token ids, an estimate for text.
  public let promptTokenCount: Int
}
