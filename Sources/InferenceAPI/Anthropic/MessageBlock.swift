/// One content block of an Anthropic message, as prompt bytes.
enum MessageBlock {
  static func append(_ block: JSONValue, index: Int, to builder: PromptBuilder) throws(RequestError) {
    try append(block, index: index, isResult: false, to: builder)
  }

  /// - Parameter isResult: the block is part of a tool's result, which holds no further results.
  private static func append(
    _ block: JSONValue, index: Int, isResult: Bool, to builder: PromptBuilder
  ) throws(RequestError) {
    guard let members = block.members else {
      throw Messages.invalid("messages[\(index)].content must hold blocks that are objects")
    }
    var fields = Fields()
    for (key, value) in members { fields.take(key, value) }
    let type = JSONKey(bytes: try text(fields.type, "type", index) ?? UnsafeRawBufferPointer(start: nil, count: 0))
    switch type {
    case "text":
      if let text = try text(fields.text, "text", index) { builder.append(text) }
    case "thinking":
      if let text = try text(fields.thinking, "thinking", index) { builder.append(text) }
    case "tool_use":
      if let id = try text(fields.id, "id", index) { builder.append(id) }
      if let name = try text(fields.name, "name", index) { builder.append(name) }
      if let input = fields.input, !input.isNull { builder.appendMinified(input) }
    case "tool_result" where !isResult:
      try append(result: fields.content, index: index, to: builder)
    case "image":
      if let key = imageKey(fields.source) {
        builder.appendImage(key: key)
      } else {
        builder.appendHash(ofMinified: block)
      }
    default:
      builder.appendHash(ofMinified: block)
    }
  }

  private static func append(
    result content: JSONValue?, index: Int, to builder: PromptBuilder
  ) throws(RequestError) {
    guard let content, !content.isNull else { return }
    if let text = content.string {
      builder.append(text)
    } else if let blocks = content.elements {
      for block in blocks { try append(block, index: index, isResult: true, to: builder) }
    } else {
      throw Messages.invalid("messages[\(index)].content has a tool_result whose content is not a string or an array")
    }
  }

  /// What tells an image from others: its data, else its URL, else the id of its file.
  private static func imageKey(_ source: JSONValue?) -> UnsafeRawBufferPointer? {
    guard let members = source?.members else { return nil }
    var data: UnsafeRawBufferPointer?
    var url: UnsafeRawBufferPointer?
    var file: UnsafeRawBufferPointer?
    for (key, value) in members {
      switch key {
      case "data": data = value.string
      case "url": url = value.string
      case "file_id": file = value.string
      default: break
      }
    }
    return data ?? url ?? file
  }

  /// The bytes of an optional string member.
  private static func text(
    _ value: JSONValue?, _ field: StaticString, _ index: Int
  ) throws(RequestError) -> UnsafeRawBufferPointer? {
    guard let value, !value.isNull else { return nil }
    guard let text = value.string else {
      throw Messages.invalid("messages[\(index)].content has a block whose \(field) is not a string")
    }
    return text
  }

  /// The last occurrence of each member of a block that matters.
  private struct Fields {
    var type: JSONValue?
    var text: JSONValue?
    var thinking: JSONValue?
    var id: JSONValue?
    var name: JSONValue?
    var input: JSONValue?
    var content: JSONValue?
    var source: JSONValue?

    @inline(__always)
    mutating func take(_ key: JSONKey, _ value: JSONValue) {
      switch key {
      case "type": type = value
      case "text": text = value
      case "thinking": thinking = value
      case "id": id = value
      case "name": name = value
      case "input": input = value
      case "content": content = value
      case "source": source = value
      default: break
      }
    }
  }
}
