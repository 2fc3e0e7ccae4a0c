import NIOCore

/// Writes the answer to one completion request in OpenAI's wire format as vLLM sends it.
///
/// What is the same in all chunks of a stream is rendered once.
struct CompletionWriter {
  /// Token counts of one answer.
  struct Usage {
    var promptTokens: Int
    var outputTokens: Int
    var cachedTokens: Int
  }

  let isChat: Bool
  let includeUsage: Bool
  let continuousUsage: Bool
  let seed: UInt64
  /// The reason the answer ends for.
  let finishReason: FinishReason
  /// `"id":…,"object":…,"created":…,"model":…,` behind the opening brace.
  private let envelope: ByteBuffer

  init(_ request: CompletionRequest, id: UInt64, model: String, created: Int, seed: UInt64) {
    self.isChat = request.api == .chat
    self.includeUsage = request.stream && request.includeUsage
    self.continuousUsage = request.stream && request.includeUsage && request.continuousUsage
    self.seed = seed
    self.finishReason = request.maxTokens == nil ? .stop : .length
    var text = ByteBuffer()
    let identifier = String(id, radix: 16)
    let object =
      switch (isChat, request.stream) {
      case (true, false): "chat.completion"
      case (true, true): "chat.completion.chunk"
      case (false, _): "text_completion"
      }
    text.writeString("{\"id\":\"\(isChat ? "chatcmpl" : "cmpl")-\(identifier)\",\"object\":\"\(object)\",")
    text.writeString("\"created\":\(created),\"model\":")
    text.writeJSONString(model)
    text.writeInteger(UInt8(ascii: ","))
    self.envelope = text
  }

  // MARK: JSON

  /// Writes the whole answer.
  func writeAnswer(_ usage: Usage, to text: inout ByteBuffer) {
    text.writeImmutableBuffer(envelope)
    text.writeStaticString("\"choices\":[{\"index\":0,")
    text.writeStaticString(isChat ? "\"message\":{\"role\":\"assistant\",\"content\":\"" : "\"text\":\"")
    for index in 0..<usage.outputTokens { text.writeStaticString(AnswerText.token(index, seed: seed)) }
    text.writeStaticString(isChat ? "\",\"refusal\":null,\"tool_calls\":[]}," : "\",")
    text.writeString("\"logprobs\":null,\"finish_reason\":\"\(finishReason)\",\"stop_reason\":null}],")
    writeUsage(usage, to: &text)
    text.writeStaticString("}")
  }

  // MARK: Server-sent events

  /// Writes the event that opens a chat stream; a text stream has none.
  func writeOpening(_ usage: Usage, to text: inout ByteBuffer) {
    guard isChat else { return }
    beginChunk(&text)
    text.writeStaticString(
      "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]")
    endChunk(usage, &text)
  }

  /// Writes the event for token `index`. `usage` counts this token.
  func writeToken(_ index: Int, isLast: Bool, _ usage: Usage, to text: inout ByteBuffer) {
    beginChunk(&text)
    text.writeStaticString(isChat ? "\"delta\":{\"content\":\"" : "\"text\":\"")
    text.writeStaticString(AnswerText.token(index, seed: seed))
    text.writeStaticString(
      isChat ? "\"},\"logprobs\":null,\"finish_reason\":" : "\",\"logprobs\":null,\"finish_reason\":")
    if isLast { text.writeString("\"\(finishReason)\"") } else { text.writeStaticString("null") }
    text.writeStaticString(isChat && !isLast ? "}]" : ",\"stop_reason\":null}]")
    endChunk(usage, &text)
  }

  /// Writes the end of a stream: the usage event if asked for, and the terminator.
  func writeClosing(_ usage: Usage, to text: inout ByteBuffer) {
    if includeUsage {
      text.writeStaticString("data: ")
      text.writeImmutableBuffer(envelope)
      text.writeStaticString("\"choices\":[],")
      writeUsage(usage, to: &text)
      text.writeStaticString("}\n\n")
    }
    text.writeStaticString("data: [DONE]\n\n")
  }

  private func beginChunk(_ text: inout ByteBuffer) {
    text.writeStaticString("data: ")
    text.writeImmutableBuffer(envelope)
    text.writeStaticString("\"choices\":[{\"index\":0,")
  }

  private func endChunk(_ usage: Usage, _ text: inout ByteBuffer) {
    if continuousUsage {
      text.writeStaticString(",")
      writeUsage(usage, to: &text)
    }
    text.writeStaticString("}\n\n")
  }

  private func writeUsage(_ usage: Usage, to text: inout ByteBuffer) {
    text.writeString("\"usage\":{\"prompt_tokens\":\(usage.promptTokens),")
    text.writeString("\"total_tokens\":\(usage.promptTokens + usage.outputTokens),")
    text.writeString("\"completion_tokens\":\(usage.outputTokens),")
    text.writeString("\"prompt_tokens_details\":{\"cached_tokens\":\(usage.cachedTokens)}}")
  }
}
