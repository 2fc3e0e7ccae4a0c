/// `/v1/images/generations`: a prompt of text.
enum ImageGenerations {
  private static let api: StaticString = "images generations"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var prompt: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      if case "prompt" = key { prompt = value }
    }
    try fields.validate(api: api)
    guard let text = prompt?.string, !text.isEmpty else {
      throw RequestFields.invalid(api, "must have prompt field")
    }
    context.prompt.append(text)
    context.prompt.endPrompt()
    return try fields.request(.imageGenerations, context: context)
  }
}
