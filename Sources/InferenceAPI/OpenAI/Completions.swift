/// `/v1/completions`: a prompt of text or token ids, or several of them.
enum Completions {
  private static let api: StaticString = "completions"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var prompt: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      if case "prompt" = key { prompt = value }
    }
    try fields.validate(api: api)
    let isTokenized = try TextOrTokens(api: api, field: "prompt").append(prompt, to: context.prompt)
    return try fields.request(.completions, isTokenized: isTokenized, context: context)
  }
}
