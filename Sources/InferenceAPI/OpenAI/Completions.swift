/// `/v1/completions`: a prompt of text or token ids, or several of them.
enum Completions {
  private static let api: StaticString = "completions"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = OpenAIFields()
    var prompt: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      if case "prompt" = key { prompt = value }
    }
    try fields.validate(api: api)
    let isTokenized = try append(prompt, to: context.prompt)
    return try fields.request(.completions, isTokenized: isTokenized, context: context)
  }

  /// Appends all prompts and tells whether they are token ids.
  private static func append(_ prompt: JSONValue?, to builder: PromptBuilder) throws(RequestError) -> Bool {
    guard let prompt else { throw missing }
    switch prompt.kind {
    case .null:
      throw missing
    case .string:
      guard let text = prompt.string, !text.isEmpty else { throw missing }
      builder.append(text)
      builder.endPrompt()
      return false
    case .array:
      return try append(array: prompt, to: builder)
    default:
      throw malformed
    }
  }

  private static func append(array: JSONValue, to builder: PromptBuilder) throws(RequestError) -> Bool {
    guard var elements = array.elements, let first = elements.next() else { throw missing }
    switch first.kind {
    case .string:
      for element in JSONElements(array: array.raw) {
        guard let text = element.string else { throw malformed }
        builder.append(text)
        builder.endPrompt()
      }
      return false
    case .array:
      for element in JSONElements(array: array.raw) {
        guard element.kind == .array, builder.appendTokenIDs(element) else { throw malformed }
        builder.endPrompt()
      }
      return true
    default:
      guard builder.appendTokenIDs(array) else { throw malformed }
      builder.endPrompt()
      return true
    }
  }

  private static var missing: RequestError { OpenAIFields.invalid(api, "must have prompt field") }

  private static var malformed: RequestError {
    OpenAIFields.invalid(
      api, "prompt must be a string, an array of strings, an array of token ids or an array of token id arrays")
  }
}
