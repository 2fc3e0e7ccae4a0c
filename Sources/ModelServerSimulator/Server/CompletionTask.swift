import NIOCore

/// One completion request from its acceptance to its last byte. Confined to its server's event loop.
final class CompletionTask {
  let id: SequenceID
  /// The adapter it runs with, if any.
  let adapter: String?
  let writer: CompletionWriter
  let isStream: Bool
  let connection: HTTPConnection
  let promptTokens: Int

  let arrival: EngineInstant
  var scheduled: EngineInstant?
  var firstToken: EngineInstant?
  var lastToken: EngineInstant

  var cachedTokens = 0
  var outputTokens = 0
  var isFinished = false
  var isRunning = false
  /// Whether it is in the list of tasks that have something to send.
  var isTouched = false
  /// Events of a stream to send with the next flush.
  var pending = ByteBuffer()

  init(
    id: SequenceID, adapter: String?, writer: CompletionWriter, isStream: Bool, connection: HTTPConnection,
    promptTokens: Int, arrival: EngineInstant
  ) {
    self.id = id
    self.adapter = adapter
    self.writer = writer
    self.isStream = isStream
    self.connection = connection
    self.promptTokens = promptTokens
    self.arrival = arrival
    self.lastToken = arrival
  }

  var usage: CompletionWriter.Usage {
    CompletionWriter.Usage(promptTokens: promptTokens, outputTokens: outputTokens, cachedTokens: cachedTokens)
  }

  /// Takes note of the next token. `isLast` has to be known by then: the last chunk says why the answer ends.
  func addToken(isLast: Bool) {
    if isStream, outputTokens == 0 { writer.writeOpening(usage, to: &pending) }
    outputTokens += 1
    if isStream { writer.writeToken(outputTokens - 1, isLast: isLast, usage, to: &pending) }
  }

  /// Sends what is new.
  func send() {
    if isStream {
      if isFinished { writer.writeClosing(usage, to: &pending) }
      if pending.readableBytes > 0 {
        connection.sendEvents(pending)
        pending = ByteBuffer()
      }
      if isFinished { connection.endEvents() }
    } else if isFinished {
      var answer = ByteBuffer()
      answer.reserveCapacity(1024 + outputTokens * BlockHash.bytesPerToken)
      writer.writeAnswer(usage, to: &answer)
      connection.respond(.ok, answer)
    }
  }
}
