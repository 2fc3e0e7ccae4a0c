/// `/v1/responses`: an input of text or items, with instructions and tools.
///
/// The prompt is the instructions, the tools and the input, in this order because it is the one from the most to the
/// least stable: a text as it is, anything else as minified JSON.
enum Responses {
  private static let api: StaticString = "responses"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var input: JSONValue?
    var instructions: JSONValue?
    var tools: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      switch key {
      case "input": input = value
      case "instructions": instructions = value
      case "tools": tools = value
      default: break
      }
    }
    try fields.validate(api: api)
    guard let input, !input.isNull else { throw RequestFields.invalid(api, "must have input field") }
    if let instructions, !instructions.isNull { context.prompt.appendTextOrJSON(instructions) }
    if let tools, !tools.isNull, tools.elements?.isEmpty != true { context.prompt.appendTextOrJSON(tools) }
    context.prompt.appendTextOrJSON(input)
    context.prompt.endPrompt()
    return try fields.request(.responses, context: context)
  }
}
