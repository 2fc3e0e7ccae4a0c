/// `/v1/chat/completions`: a list of messages, each a role and content of text or blocks.
///
/// The prompt is the tools as minified JSON, if there are any, then the role and the content of each message. Other
/// members of messages, such as `tool_calls`, are left out.
enum ChatCompletions {
  private static let api: StaticString = "chat completions"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var options = TemplateOptions()
    var messages: JSONValue?
    var tools: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      switch key {
      case "messages": messages = value
      case "tools": tools = value
      default: options.take(key, value)
      }
    }
    try fields.validate(api: api)
    try RequestFields.check(tools, is: .array, "tools", "an array", api)
    try options.validate()

    guard let messages = messages?.elements, !messages.isEmpty else {
      throw RequestFields.invalid(api, "must have valid messages field")
    }
    if let tools, tools.elements?.isEmpty == false { context.prompt.appendMinified(tools) }
    var index = 0
    for message in messages {
      try ChatMessage.append(message, index: index, to: context.prompt)
      index += 1
    }
    context.prompt.endPrompt()
    return try fields.request(.chatCompletions, context: context)
  }

  static func invalid(_ reason: String) -> RequestError {
    RequestFields.invalid(api, reason)
  }

  /// Members that steer the model server's chat template; only their types are checked.
  private struct TemplateOptions {
    private var documents: JSONValue?
    private var chatTemplate: JSONValue?
    private var chatTemplateArguments: JSONValue?
    private var returnAssistantTokensMask: JSONValue?
    private var continueFinalMessage: JSONValue?
    private var addGenerationPrompt: JSONValue?

    @inline(__always)
    mutating func take(_ key: JSONKey, _ value: JSONValue) {
      switch key {
      case "documents": documents = value
      case "chat_template": chatTemplate = value
      case "chat_template_kwargs": chatTemplateArguments = value
      case "return_assistant_tokens_mask": returnAssistantTokensMask = value
      case "continue_final_message": continueFinalMessage = value
      case "add_generation_prompt": addGenerationPrompt = value
      default: break
      }
    }

    func validate() throws(RequestError) {
      try RequestFields.check(documents, is: .array, "documents", "an array", api)
      try RequestFields.check(chatTemplate, is: .string, "chat_template", "a string", api)
      try RequestFields.check(chatTemplateArguments, is: .object, "chat_template_kwargs", "an object", api)
      try RequestFields.check(
        returnAssistantTokensMask, is: .bool, "return_assistant_tokens_mask", "true or false", api)
      try RequestFields.check(continueFinalMessage, is: .bool, "continue_final_message", "true or false", api)
      try RequestFields.check(addGenerationPrompt, is: .bool, "add_generation_prompt", "true or false", api)
    }
  }
}
