/// `/v1/conversations`: a list of items, which are the prompt as minified JSON.
enum Conversations {
  private static let api: StaticString = "conversations"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var items: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      if case "items" = key { items = value }
    }
    try fields.validate(api: api)
    guard let items, let elements = items.elements, !elements.isEmpty, elements.allSatisfy({ $0.kind == .object })
    else {
      throw RequestFields.invalid(api, "must have items field")
    }
    context.prompt.appendMinified(items)
    context.prompt.endPrompt()
    return try fields.request(.conversations, context: context)
  }
}
