/// The request messages of vLLM's gRPC service. Numbers are those of `vllm_engine.proto`.
enum VLLMGRPCRequest {
  /// `GenerateRequest`: a prompt of text or token ids, and how to continue it.
  static func generate(
    _ body: UnsafeRawBufferPointer, _ context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    let method: StaticString = "Generate"
    var input: (field: UInt64, bytes: UnsafeRawBufferPointer)?
    var samplingParameters: UnsafeRawBufferPointer?
    var media: UnsafeRawBufferPointer?
    var isStreaming = false
    var fields = ProtobufFields(try message(of: body, method))
    while let (number, value) = fields.next() {
      switch (number, value) {
      case (2...3, .bytes(let bytes)): input = (number, bytes)
      case (4, .bytes(let bytes)): samplingParameters = bytes
      case (5, .varint(let flag)): isStreaming = flag != 0
      case (7, .bytes(let bytes)): media = bytes
      default: break
      }
    }
    guard !fields.isMalformed else { throw unreadable(method) }
    guard let input else { throw error(method, "input must be text or tokenized") }
    let isTokenized = input.field == 2
    if isTokenized {
      let words = try appendTokenIDs(of: input.bytes, to: context.prompt, method)
      if let media { try mark(media, in: words, method) }
    } else {
      context.prompt.append(copyOf: input.bytes)
    }
    context.prompt.endPrompt()
    return InferenceRequest(
      api: .vllmGRPCGenerate, isStreaming: isStreaming,
      maxOutputTokens: try samplingParameters.flatMap { parameters throws(RequestError) in
        try maxTokens(of: parameters, method)
      }, isTokenized: isTokenized, context: context)
  }

  /// `EmbedRequest`: token ids.
  static func embed(
    _ body: UnsafeRawBufferPointer, _ context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    let method: StaticString = "Embed"
    var input: UnsafeRawBufferPointer?
    var fields = ProtobufFields(try message(of: body, method))
    while let (number, value) = fields.next() {
      if case (2, .bytes(let bytes)) = (number, value) { input = bytes }
    }
    guard !fields.isMalformed else { throw unreadable(method) }
    guard let input else { throw error(method, "input must be tokenized") }
    _ = try appendTokenIDs(of: input, to: context.prompt, method)
    context.prompt.endPrompt()
    return InferenceRequest(api: .vllmGRPCEmbed, isTokenized: true, context: context)
  }

  /// The message in the frame that a body begins with: a flag that says compressed, the length in 4 bytes, big-endian,
  /// and as many bytes.
  private static func message(
    of body: UnsafeRawBufferPointer, _ method: StaticString
  ) throws(RequestError) -> UnsafeRawBufferPointer {
    guard body.count >= 5, body[0] <= 1 else { throw unreadable(method) }
    guard body[0] == 0 else { throw error(method, "compressed vllmgrpc payload is not supported") }
    let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
    guard length <= body.count - 5 else { throw unreadable(method) }
    return UnsafeRawBufferPointer(rebasing: body[5..<5 + length])
  }

  /// Appends `TokenizedInput.input_ids`, packed or not.
  private static func appendTokenIDs(
    of input: UnsafeRawBufferPointer, to builder: PromptBuilder, _ method: StaticString
  ) throws(RequestError) -> UnsafeMutableRawBufferPointer {
    var fields = ProtobufFields(input)
    var packed = ProtobufReader(UnsafeRawBufferPointer(start: nil, count: 0))
    var isMalformed = false
    // An id takes a byte or more, so there are at most as many as bytes.
    let words = builder.appendTokenIDs(maximumCount: input.count) {
      while packed.isAtEnd {
        guard let (number, value) = fields.next() else { return nil }
        switch (number, value) {
        case (2, .bytes(let bytes)): packed = ProtobufReader(bytes)
        case (2, .varint(let id)): return UInt32(truncatingIfNeeded: id)
        default: break
        }
      }
      guard let id = packed.varint() else {
        isMalformed = true
        return nil
      }
      return UInt32(truncatingIfNeeded: id)
    }
    guard !isMalformed, !fields.isMalformed else { throw unreadable(method) }
    return words
  }

  /// `SamplingParams.max_tokens`.
  private static func maxTokens(
    of parameters: UnsafeRawBufferPointer, _ method: StaticString
  ) throws(RequestError) -> Int? {
    var limit: UInt64?
    var fields = ProtobufFields(parameters)
    while let (number, value) = fields.next() {
      if case (8, .varint(let tokens)) = (number, value) { limit = tokens }
    }
    guard !fields.isMalformed else { throw unreadable(method) }
    guard let limit, limit > 0 else { return nil }
    return Int(UInt32(truncatingIfNeeded: limit))
  }

  /// Marks the placeholders of `MultimodalInputs`: two lists of the same order, of ranges and of content hashes.
  private static func mark(
    _ media: UnsafeRawBufferPointer, in words: UnsafeMutableRawBufferPointer, _ method: StaticString
  ) throws(RequestError) {
    var placeholders = MediaPlaceholders(words: words)
    var ranges = ProtobufFields(media)
    var hashes = ProtobufFields(media)
    while let range = next(5, in: &ranges), let hash = next(6, in: &hashes) {
      var offset: UInt64 = 0
      var length: UInt64 = 0
      for (number, value) in ProtobufFields(range) {
        switch (number, value) {
        case (1, .varint(let number)): offset = number
        case (2, .varint(let number)): length = number
        default: break
        }
      }
      placeholders.mark(
        offset: Int(UInt32(truncatingIfNeeded: offset)), length: Int(UInt32(truncatingIfNeeded: length)),
        contentHash: hash)
    }
    guard !ranges.isMalformed, !hashes.isMalformed else { throw unreadable(method) }
  }

  private static func next(_ number: UInt64, in fields: inout ProtobufFields) -> UnsafeRawBufferPointer? {
    while let (candidate, value) = fields.next() {
      if candidate == number, case .bytes(let bytes) = value { return bytes }
    }
    return nil
  }

  private static func unreadable(_ method: StaticString) -> RequestError {
    error(method, "not able to parse payload")
  }

  private static func error(_ method: StaticString, _ reason: String) -> RequestError {
    RequestError(code: .badRequest, message: "parsing gRPC payload for \(method): \(reason)")
  }
}
