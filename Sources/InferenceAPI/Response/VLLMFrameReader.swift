/// Reads the counts from gRPC responses of vLLM that arrive in pieces of any size. Numbers are those of
/// `vllm_engine.proto`.
///
/// A state machine over frames and fields that keeps no bytes. Compressed and malformed messages are skipped.
struct VLLMFrameReader {
  private enum State: UInt8 {
    /// In the 5 bytes before a message.
    case header
    /// In a field's number and wire type.
    case tag
    /// In a number.
    case number
    /// In the length of a field.
    case length
  }

  /// The messages that counts are in.
  private enum Message: UInt8 {
    /// `GenerateResponse`, which has none itself.
    case generate
    /// `GenerateStreamChunk`.
    case chunk
    /// `GenerateComplete`.
    case complete
    /// `EmbedResponse`.
    case embed
  }

  private var outer = Message.generate
  private var state = State.header
  private var headerCount = 0
  private var isCompressed = false
  /// Bytes left of the frame's message.
  private var frameBytes = 0
  /// Bytes left of the message inside it, if that is where the reader is.
  private var innerBytes = 0
  private var skippedBytes = 0
  private var isMalformed = false
  private var varint: UInt64 = 0
  private var varintShift: UInt64 = 0
  private var field: UInt64 = 0
  private var message = Message.generate
  private var promptTokens = 0
  private var completionTokens = 0
  private var cachedTokens = 0
  private var hasTokens = false

  /// - Parameter isEmbedding: the method is `Embed`, not `Generate`.
  mutating func begin(isEmbedding: Bool) {
    outer = isEmbedding ? .embed : .generate
    message = outer
    state = .header
    headerCount = 0
    frameBytes = 0
    innerBytes = 0
    skippedBytes = 0
  }

  /// Reads the stream's next bytes and adds what they hold to `reading`. True if they complete a message with counts.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, into usage: inout Usage, reading: inout ChunkReading
  ) -> Bool {
    var hasUpdated = false
    var index = 0
    while index < bytes.count {
      if state == .header {
        readHeader(bytes[index])
        index += 1
      } else if skippedBytes > 0 {
        let count = min(skippedBytes, bytes.count - index)
        skippedBytes -= count
        consume(count)
        leaveInnerMessage()
        index += count
      } else {
        consume(1)
        readField(bytes[index])
        leaveInnerMessage()
        index += 1
      }
      if state != .header, frameBytes == 0, endFrame(into: &usage, reading: &reading) { hasUpdated = true }
    }
    return hasUpdated
  }

  private mutating func consume(_ count: Int) {
    frameBytes -= count
    if message != outer { innerBytes -= count }
  }

  private mutating func readHeader(_ byte: UInt8) {
    if headerCount == 0 {
      isCompressed = byte != 0
      frameBytes = 0
    } else {
      frameBytes = frameBytes << 8 | Int(byte)
    }
    headerCount += 1
    guard headerCount == 5 else { return }
    headerCount = 0
    message = outer
    innerBytes = 0
    skippedBytes = isCompressed ? frameBytes : 0
    isMalformed = isCompressed
    promptTokens = 0
    completionTokens = 0
    cachedTokens = 0
    hasTokens = false
    beginVarint(.tag)
  }

  private mutating func beginVarint(_ state: State) {
    self.state = state
    varint = 0
    varintShift = 0
  }

  private mutating func readField(_ byte: UInt8) {
    guard varintShift < 64 else { return giveUp() }
    varint |= UInt64(byte & 0x7F) << varintShift
    varintShift += 7
    if byte < 0x80 { endVarint() }
  }

  private mutating func leaveInnerMessage() {
    guard message != outer, innerBytes == 0, skippedBytes == 0 else { return }
    // A number that the inner message breaks off would go on in bytes that aren't its own.
    guard state == .tag, varintShift == 0 else { return giveUp() }
    message = outer
  }

  private mutating func endVarint() {
    let value = varint
    switch state {
    case .header:
      break
    case .tag:
      field = value >> 3
      switch value & 7 {
      case 0: beginVarint(.number)
      case 1: skip(8)
      case 2: beginVarint(.length)
      case 5: skip(4)
      default: giveUp()
      }
    case .number:
      store(value)
      beginVarint(.tag)
    case .length:
      guard value <= UInt64(message == outer ? frameBytes : innerBytes) else { return giveUp() }
      if message == .generate, field == 1 || field == 2 {
        message = field == 1 ? .chunk : .complete
        innerBytes = Int(value)
        beginVarint(.tag)
      } else {
        if field == 1, value > 0, message == .chunk || message == .complete { hasTokens = true }
        skip(value)
      }
    }
  }

  private mutating func skip(_ count: UInt64) {
    guard count <= UInt64(message == outer ? frameBytes : innerBytes) else { return giveUp() }
    skippedBytes = Int(count)
    beginVarint(.tag)
  }

  /// Skips the rest of a message that can't be read.
  private mutating func giveUp() {
    isMalformed = true
    message = outer
    skippedBytes = frameBytes
    beginVarint(.tag)
  }

  private mutating func store(_ value: UInt64) {
    let count = Int(UInt32(truncatingIfNeeded: value))
    switch (message, field) {
    case (.chunk, 1), (.complete, 1): hasTokens = true
    case (.chunk, 2), (.complete, 3), (.embed, 2): promptTokens = count
    case (.chunk, 3), (.complete, 4): completionTokens = count
    case (.chunk, 4), (.complete, 5): cachedTokens = count
    default: break
    }
  }

  /// Ends a frame; true if it has counts.
  private mutating func endFrame(into usage: inout Usage, reading: inout ChunkReading) -> Bool {
    let isComplete = !isMalformed && state == .tag && varintShift == 0 && message == outer
    state = .header
    reading.eventCount += 1
    guard isComplete else { return false }
    if hasTokens { reading.tokenEventCount += 1 }
    guard promptTokens > 0 || completionTokens > 0 else { return false }
    usage.promptTokens = promptTokens
    usage.completionTokens = completionTokens
    usage.totalTokens = promptTokens + completionTokens
    usage.cachedTokens = outer == .embed ? nil : cachedTokens
    return true
  }
}
