/// The members that OpenAI-compatible requests share. Holds the last occurrence of each.
struct OpenAIFields {
  private var model: JSONValue?
  private var stream: JSONValue?
  private var cacheSalt: JSONValue?
  private var maxTokens: JSONValue?
  private var maxCompletionTokens: JSONValue?

  /// Takes note of a member; false if it isn't one of these.
  @inline(__always)
  mutating func take(_ key: JSONKey, _ value: JSONValue) -> Bool {
    switch key {
    case "model": model = value
    case "stream": stream = value
    case "cache_salt": cacheSalt = value
    case "max_tokens": maxTokens = value
    case "max_completion_tokens": maxCompletionTokens = value
    default: return false
    }
    return true
  }

  /// Checks the types of all but the model, which is checked last.
  func validate(api: StaticString) throws(RequestError) {
    try Self.check(cacheSalt, is: .string, "cache_salt", "a string", api)
  }

  /// The request with the prompts collected in `context`.
  func request(
    _ api: InferenceRequest.API, isTokenized: Bool = false, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard let model = model?.string else {
      throw RequestError(code: .badRequest, message: "model not found in request body")
    }
    let salt = cacheSalt?.string
    return InferenceRequest(
      api: api, model: model, isStreaming: stream?.bool ?? false,
      maxOutputTokens: Self.limit(maxCompletionTokens) ?? Self.limit(maxTokens),
      cacheSalt: salt?.isEmpty == false ? salt : nil,
      prompts: context.prompt.prompts, isTokenized: isTokenized,
      promptByteCount: context.prompt.byteCount, promptTokenCount: context.prompt.tokenCount)
  }

  /// Throws if an optional member is there, isn't null and isn't of `kind`.
  static func check(
    _ value: JSONValue?, is kind: JSONValue.Kind, _ field: StaticString, _ expected: StaticString, _ api: StaticString
  ) throws(RequestError) {
    guard let actual = value?.kind, actual != .null, actual != kind else { return }
    throw invalid(api, "\(field) must be \(expected)")
  }

  static func invalid(_ api: StaticString, _ reason: String) -> RequestError {
    RequestError(code: .badRequest, message: "invalid \(api) request: \(reason)")
  }

  private static func limit(_ value: JSONValue?) -> Int? {
    guard let limit = value?.integer, limit > 0 else { return nil }
    return limit
  }
}
