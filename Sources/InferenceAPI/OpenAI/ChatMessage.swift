/// One message of a chat: its role, then its content, as prompt bytes.
enum ChatMessage {
  static func append(_ message: JSONValue, index: Int, to builder: PromptBuilder) throws(RequestError) {
    guard let members = message.members else {
      throw ChatCompletions.invalid("messages[\(index)] must be an object")
    }
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
      guard let text = role.string else {
        throw ChatCompletions.invalid("messages[\(index)].role must be a string")
      }
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
      for block in blocks {
        try append(block: block, index: index, to: builder)
      }
    default:
      throw ChatCompletions.invalid("messages[\(index)].content must be a string or an array of blocks")
    }
  }

  private static func append(
    block: JSONValue, index: Int, to builder: PromptBuilder
  ) throws(RequestError) {
    // Model servers take a bare string for a text block.
    if let text = block.string {
      builder.append(text)
      return
    }
    guard let members = block.members else {
      throw ChatCompletions.invalid("messages[\(index)].content must hold blocks that are objects")
    }
    var fields = BlockFields()
    for (key, value) in members {
      fields.take(key, value)
    }
    let type = JSONKey(bytes: try text(fields.type, "type", index) ?? UnsafeRawBufferPointer(start: nil, count: 0))
    switch type {
    case "text":
      if let text = try text(fields.text, "text", index) { builder.append(text) }
    case "image_url":
      if let url = try source(fields.imageURL, member: "url", "image_url", index) { builder.appendImage(key: url) }
    case "video_url":
      if let url = try source(fields.videoURL, member: "url", "video_url", index) { builder.appendVideo(key: url) }
    case "input_audio":
      if let data = try source(fields.inputAudio, member: "data", "input_audio", index) {
        builder.appendHash(of: data)
      }
    default:
      builder.appendHash(ofMinified: block)
    }
  }

  /// The last occurrence of each member of a block that matters.
  private struct BlockFields {
    var type: JSONValue?
    var text: JSONValue?
    var imageURL: JSONValue?
    var videoURL: JSONValue?
    var inputAudio: JSONValue?

    @inline(__always)
    mutating func take(_ key: JSONKey, _ value: JSONValue) {
      switch key {
      case "type": type = value
      case "text": text = value
      case "image_url": imageURL = value
      case "video_url": videoURL = value
      case "input_audio": inputAudio = value
      default: break
      }
    }
  }

  /// The bytes of an optional string member.
  private static func text(
    _ value: JSONValue?, _ field: StaticString, _ index: Int
  ) throws(RequestError) -> UnsafeRawBufferPointer? {
    guard let value, !value.isNull else { return nil }
    guard let text = value.string else {
      throw ChatCompletions.invalid("messages[\(index)].content has a block whose \(field) is not a string")
    }
    return text
  }

  /// The URL or data of a media block: a string, or an object that holds one as `member`.
  private static func source(
    _ value: JSONValue?, member: StaticString, _ field: StaticString, _ index: Int
  ) throws(RequestError) -> UnsafeRawBufferPointer? {
    guard let value, !value.isNull else { return nil }
    if let text = value.string { return text }
    guard let members = value.members else {
      throw ChatCompletions.invalid("messages[\(index)].content has a block whose \(field) is not an object")
    }
    var source: JSONValue?
    for (key, value) in members where key.bytes.equals(member) {
      source = value
    }
    return try text(source, member, index)
  }
}
