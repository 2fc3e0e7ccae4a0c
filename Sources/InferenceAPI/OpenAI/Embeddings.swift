/// `/v1/embeddings`: an input of text or token ids, or several of them, each computed on its own.
enum Embeddings {
  private static let api: StaticString = "embeddings"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var input: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      if case "input" = key { input = value }
    }
    try fields.validate(api: api)
    let isTokenized = try TextOrTokens(api: api, field: "input").append(input, to: context.prompt)
    return try fields.request(.embeddings, isTokenized: isTokenized, context: context)
  }
}
