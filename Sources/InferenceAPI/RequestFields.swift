/// The members that requests of most JSON APIs share. Holds the last occurrence of each.
struct RequestFields {
  private var model: JSONValue?
  private var stream: JSONValue?
  private var cacheSalt: JSONValue?
  private var maxTokens: JSONValue?
  private var maxCompletionTokens: JSONValue?
  private var maxOutputTokens: JSONValue?

  /// Takes note of a member; false if it isn't one of these.
  @inline(__always)
  mutating func take(_ key: JSONKey, _ value: JSONValue) -> Bool {
    switch key {
    case "model": model = value
    case "stream": stream = value
    case "cache_salt": cacheSalt = value
    case "max_tokens": maxTokens = value
    case "max_completion_tokens": maxCompletionTokens = value
    case "max_output_tokens": maxOutputTokens = value
    default: return false
    }
    return true
  }

  /// Checks the types of all but the model, which is checked last.
  func validate(api: StaticString) throws(RequestError) {
    try Self.check(cacheSalt, is: .string, "cache_salt", "a string", api)
  }

  /// The request with the prompts collected in `context`; it must name its model.
  func request(
    _ api: InferenceRequest.API, isTokenized: Bool = false, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard let model = model?.string else { throw Self.modelNotFound }
    let limit =
      api == .responses ? Self.limit(maxOutputTokens) : Self.limit(maxCompletionTokens) ?? Self.limit(maxTokens)
    return InferenceRequest(
      api: api, model: model, isStreaming: isStreaming, maxOutputTokens: limit, cacheSalt: salt,
      isTokenized: isTokenized, context: context)
  }

  /// The model of an API in which servers know their model without being told; nil if the request names none.
  func optionalModel() throws(RequestError) -> UnsafeRawBufferPointer? {
    guard let model, !model.isNull else { return nil }
    guard let name = model.string else { throw Self.modelNotFound }
    return name
  }

  var isStreaming: Bool { stream?.bool ?? false }

  /// The salt, unless it is absent or empty.
  var salt: UnsafeRawBufferPointer? {
    guard let salt = cacheSalt?.string, !salt.isEmpty else { return nil }
    return salt
  }

  /// The value of a limit of tokens; nil unless it is a whole number of 1 or more.
  static func limit(_ value: JSONValue?) -> Int? {
    guard let limit = value?.integer, limit > 0 else { return nil }
    return limit
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

  static var modelNotFound: RequestError {
    RequestError(code: .badRequest, message: "model not found in request body")
  }
}
