/// A request body that can't be served, with the field at fault.
struct RequestError: Error, Equatable {
  let message: String
  /// The field at fault, if it is one.
  let field: String?
}

/// What the simulator reads of a request to `/v1/chat/completions` or `/v1/completions` (OpenAI API as served by vLLM).
struct CompletionRequest: Equatable {
  enum API: Equatable {
    case chat
    case text
  }

  var api: API
  /// The model asked for; `nil` asks for the server's own.
  var model: String?
  var stream = false
  /// Whether a stream ends with a usage chunk.
  var includeUsage = false
  /// Whether every chunk of a stream carries usage.
  var continuousUsage = false
  /// Most tokens to generate; `nil` leaves it to the server.
  var maxTokens: Int?
  /// The prompt, four bytes a token.
  var prompt: [UInt8] = []

  /// Parses a body.
  ///
  /// - Throws: ``RequestError`` for a body that isn't JSON, lacks the prompt, or asks for what isn't simulated.
  static func parse(_ body: UnsafeRawBufferPointer, api: API) throws(RequestError) -> CompletionRequest {
    var reader = CompletionRequestReader(api: api)
    do throws(JSONError) {
      try reader.read(body)
    } catch {
      throw RequestError(message: "Invalid JSON at byte \(error.offset): \(error.reason)", field: nil)
    }
    if let defect = reader.defect { throw defect }
    return reader.request
  }
}
