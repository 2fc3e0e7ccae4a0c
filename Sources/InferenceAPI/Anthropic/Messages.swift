/// `/v1/messages`: a system prompt and a list of messages, each a role and content of text or blocks.
///
/// The prompt is the tools as minified JSON, if there are any, then the system text, then the role and the content of
/// each message.
enum Messages {
  private static let api: StaticString = "messages"

  static func parse(
    body: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    var fields = RequestFields()
    var messages: JSONValue?
    var system: JSONValue?
    var tools: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      switch key {
      case "messages": messages = value
      case "system": system = value
      case "tools": tools = value
      default: break
      }
    }
    try fields.validate(api: api)
    try RequestFields.check(tools, is: .array, "tools", "an array", api)
    guard let messages = messages?.elements, !messages.isEmpty else {
      throw invalid("must have at least one message")
    }
    if let tools, tools.elements?.isEmpty == false { context.prompt.appendMinified(tools) }
    if let system { try append(system: system, to: context.prompt) }
    var index = 0
    for message in messages {
      try append(message, index: index, to: context.prompt)
      index += 1
    }
    context.prompt.endPrompt()
    return try fields.request(.messages, context: context)
  }

  static func invalid(_ reason: String) -> RequestError {
    RequestFields.invalid(api, reason)
  }

  private static func append(system: JSONValue, to builder: PromptBuilder) throws(RequestError) {
    switch system.kind {
    case .null:
      break
    case .string:
      if let text = system.string { builder.append(text) }
    case .array:
      guard let blocks = system.elements else { return }
      for block in blocks {
        guard let members = block.members else { throw invalid("system must hold blocks that are objects") }
        var text: JSONValue?
        for (key, value) in members where key.bytes.equals("text") { text = value }
        // Clients put one that changes with every request in front of the prompt, which would hide that the rest is
        // the same.
        guard let bytes = text?.string, !bytes.starts(with: "x-anthropic-billing-header") else { continue }
        builder.append(bytes)
      }
    default:
      throw invalid("system must be a string or an array of blocks")
    }
  }

  private static func append(_ message: JSONValue, index: Int, to builder: PromptBuilder) throws(RequestError) {
    guard let members = message.members else { throw invalid("messages[\(index)] must be an object") }
    var role: JSONValue?
    var content: JSONValue?
    for (key, value) in members {
      switch key {
      case "role": role = value
      case "content": content = value
      default: break
      }
    }
    if let role, !role.isNull {
      guard let text = role.string else { throw invalid("messages[\(index)].role must be a string") }
      builder.append(text)
    }
    guard let content else { return }
    switch content.kind {
    case .null:
      break
    case .string:
      if let text = content.string { builder.append(text) }
    case .array:
      guard let blocks = content.elements else { return }
      for block in blocks { try MessageBlock.append(block, index: index, to: builder) }
    default:
      throw invalid("messages[\(index)].content must be a string or an array of blocks")
    }
  }
}
