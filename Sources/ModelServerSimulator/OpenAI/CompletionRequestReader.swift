/// Reads a completion request in two passes: the first checks the whole text and finds the fields, the second renders
/// the prompt, whose parts may come in any order.
struct CompletionRequestReader {
  private(set) var request: CompletionRequest
  /// The first field that is well-formed JSON but of no use.
  private(set) var defect: RequestError?

  private var promptRange: Range<Int>?
  private var toolsRange: Range<Int>?

  init(api: CompletionRequest.API) {
    self.request = CompletionRequest(api: api)
  }

  private var promptField: String { request.api == .chat ? "messages" : "prompt" }

  mutating func read(_ body: UnsafeRawBufferPointer) throws(JSONError) {
    var scanner = JSONScanner(body)
    guard scanner.peek() == UInt8(ascii: "{") else {
      try scanner.skipValue()
      try scanner.expectEnd()
      return reject("The body must be a JSON object", nil)
    }
    try scanner.readObject { (key, scanner) throws(JSONError) in try self.readField(key, &scanner) }
    try scanner.expectEnd()
    guard let promptRange else { return reject("Field required", promptField) }
    request.prompt.reserveCapacity(promptRange.count)
    if let toolsRange { request.prompt.append(contentsOf: UnsafeRawBufferPointer(rebasing: body[toolsRange])) }
    var prompt = JSONScanner(body, at: promptRange.lowerBound)
    if request.api == .chat { try readMessages(&prompt, body) } else { try readPrompt(&prompt) }
  }

  private mutating func reject(_ message: String, _ field: String?) {
    if defect == nil { defect = RequestError(message: field.map { "\($0): \(message)" } ?? message, field: field) }
  }

  // MARK: First pass

  private mutating func readField(_ key: String, _ scanner: inout JSONScanner) throws(JSONError) {
    switch key {
    case "messages", "prompt":
      let range = try scanner.skipValue()
      if key == promptField { promptRange = range }
    case "tools" where request.api == .chat:
      toolsRange = try scanner.skipValue()
    case "model":
      if try scanner.readNull() { return }
      guard scanner.peek() == UInt8(ascii: "\"") else { return try skip(&scanner, "must be a string", key) }
      request.model = try scanner.readString()
    case "stream":
      request.stream = try readBool(&scanner, key)
    case "stream_options":
      try readStreamOptions(&scanner)
    case "max_tokens", "max_completion_tokens":
      guard let value = try readCount(&scanner, key) else { return }
      // The newer name wins whatever the order.
      if key == "max_completion_tokens" || request.maxTokens == nil { request.maxTokens = value }
    case "n", "best_of":
      if let value = try readCount(&scanner, key), value != 1 { reject("only 1 is simulated", key) }
    default:
      try scanner.skipValue()
    }
  }

  private mutating func readStreamOptions(_ scanner: inout JSONScanner) throws(JSONError) {
    if try scanner.readNull() { return }
    guard scanner.peek() == UInt8(ascii: "{") else { return try skip(&scanner, "must be an object", "stream_options") }
    try scanner.readObject { (key, scanner) throws(JSONError) in
      switch key {
      case "include_usage": self.request.includeUsage = try self.readBool(&scanner, key)
      case "continuous_usage_stats": self.request.continuousUsage = try self.readBool(&scanner, key)
      default: try scanner.skipValue()
      }
    }
  }

  private mutating func skip(_ scanner: inout JSONScanner, _ reason: String, _ key: String) throws(JSONError) {
    reject(reason, key)
    try scanner.skipValue()
  }

  private mutating func readBool(_ scanner: inout JSONScanner, _ key: String) throws(JSONError) -> Bool {
    switch scanner.peek() {
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return try scanner.readBool()
    case UInt8(ascii: "n"): _ = try scanner.readNull()
    default: try skip(&scanner, "must be true or false", key)
    }
    return false
  }

  private mutating func readCount(_ scanner: inout JSONScanner, _ key: String) throws(JSONError) -> Int? {
    switch scanner.peek() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      guard let number = try scanner.readNumber(), let value = Int(exactly: number), value >= 1 else {
        reject("must be a whole number of at least 1", key)
        return nil
      }
      return value
    case UInt8(ascii: "n"): _ = try scanner.readNull()
    default: try skip(&scanner, "must be a whole number", key)
    }
    return nil
  }

  // MARK: Second pass

  /// Renders messages one after the other, so that a conversation's beginning is a prefix of its continuation.
  private mutating func readMessages(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONError) {
    guard scanner.peek() == UInt8(ascii: "[") else { return reject("must be an array", promptField) }
    var count = 0
    try scanner.readArray { (scanner) throws(JSONError) in
      count += 1
      guard scanner.peek() == UInt8(ascii: "{") else {
        return try self.skip(&scanner, "must hold objects", "messages")
      }
      try self.readMessage(&scanner, body)
    }
    if count == 0 { reject("must hold at least one message", promptField) }
  }

  private mutating func readMessage(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONError) {
    var role = "user"
    var content: Range<Int>?
    try scanner.readObject { (key, scanner) throws(JSONError) in
      if key == "role", scanner.peek() == UInt8(ascii: "\"") {
        role = try scanner.readString()
      } else {
        let range = try scanner.skipValue()
        if key == "content" { content = range }
      }
    }
    self.request.prompt.append(contentsOf: "<|\(role)|>\n".utf8)
    if let content {
      var parts = JSONScanner(body, at: content.lowerBound)
      try self.readContent(&parts, body)
    }
    self.request.prompt.append(contentsOf: "\n".utf8)
  }

  private mutating func readContent(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONError) {
    switch scanner.peek() {
    case UInt8(ascii: "\""): try scanner.readString(appendingTo: &request.prompt)
    case UInt8(ascii: "["):
      try scanner.readArray { (scanner) throws(JSONError) in try self.readPart(&scanner, body) }
    default: try scanner.skipValue()
    }
  }

  /// A content part counts by its text; anything else, such as an image, by its JSON.
  private mutating func readPart(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONError) {
    var text: Range<Int>?
    let start = scanner
    if scanner.peek() == UInt8(ascii: "{") {
      try scanner.readObject { (key, scanner) throws(JSONError) in
        let isString = scanner.peek() == UInt8(ascii: "\"")
        let range = try scanner.skipValue()
        if key == "text", isString { text = range }
      }
    } else {
      try scanner.skipValue()
    }
    if let text {
      var string = JSONScanner(body, at: text.lowerBound)
      try string.readString(appendingTo: &request.prompt)
    } else {
      request.prompt.append(contentsOf: body[start.position..<scanner.position])
    }
  }

  private mutating func readPrompt(_ scanner: inout JSONScanner) throws(JSONError) {
    switch scanner.peek() {
    case UInt8(ascii: "\""): try scanner.readString(appendingTo: &request.prompt)
    case UInt8(ascii: "["):
      var prompts = 0
      var tokens = 0
      try scanner.readArray { (scanner) throws(JSONError) in
        switch scanner.peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "["):
          prompts += 1
          try self.readPrompt(&scanner)
        default:
          tokens += 1
          try self.readToken(&scanner)
        }
      }
      if prompts > 1 || (prompts == 1 && tokens > 0) { reject("only one prompt in a request is simulated", "prompt") }
    default: try skip(&scanner, "must be a string or an array of token ids", "prompt")
    }
  }

  private mutating func readToken(_ scanner: inout JSONScanner) throws(JSONError) {
    switch scanner.peek() {
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      guard let number = try scanner.readNumber(), let token = UInt32(exactly: number) else {
        return reject("token ids must be whole numbers of at most 32 bits", "prompt")
      }
      withUnsafeBytes(of: token.littleEndian) { request.prompt.append(contentsOf: $0) }
    default: try skip(&scanner, "must hold token ids", "prompt")
    }
  }
}
