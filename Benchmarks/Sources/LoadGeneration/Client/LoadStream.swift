import ByteStorage
import GRPCFraming
import HTTP2

/// The client's end of one stream: sends what the conversation asks for and hands it what comes back. Used again for
/// later streams of its worker.
final class LoadStream: HTTP2StreamHandler {
  /// The worker holds its streams.
  private unowned(unsafe) let worker: LoadWorker
  private var http2: HTTP2Stream?
  private(set) var machine = ConversationMachine()
  private let body = ByteBlock()
  private let reader = GRPCMessageReader()
  private var status: Int?
  private var isResetHere = false
  /// Messages of the response body sent.
  private var sentMessages = 0
  /// Index among the worker's open streams.
  var position = 0
  /// Counts the uses of the object, so that what was planned for an earlier one is not done to a later.
  private(set) var generation = 0
  /// Clock time at which the stream should have begun.
  private(set) var intended: UInt64 = 0
  /// Why the stream was given up here; nil if it wasn't.
  private(set) var failure: FailureKind?

  init(worker: LoadWorker) {
    self.worker = worker
  }

  /// Largest body that is copied into the output; larger ones are sent from where they are.
  private static let copiedBody = 8 << 10

  // MARK: Sending

  /// Makes the next request; call ``begin(_:)`` with the stream for it.
  func prepare(_ source: any BodySource, intended: UInt64) {
    generation &+= 1
    machine = ConversationMachine()
    body.removeAll(keepingUpTo: .max)
    source.storeNext(into: body)
    status = nil
    isResetHere = false
    sentMessages = 0
    failure = nil
    self.intended = intended
  }

  func begin(_ http2: HTTP2Stream) {
    self.http2 = http2
    worker.writeRequestHeaders(http2, contentLength: body.count)
    let plan = worker.plan
    let piece = plan.pieceBytes > 0 ? plan.pieceBytes : body.count
    var offset = 0
    while offset < body.count {
      let end = min(offset + piece, body.count)
      send(offset..<end, endOfStream: end == body.count && !plan.separatesEnd)
      offset = end
    }
    if plan.separatesEnd { send(body.count..<body.count, endOfStream: true) }
  }

  private func send(_ range: Range<Int>, endOfStream: Bool) {
    guard let http2 else { return }
    ProxyMessages.requestBodyHead(count: range.count, endOfStream: endOfStream).withUnsafeBytes { http2.write($0) }
    if range.count > Self.copiedBody {
      http2.write(body, range)
    } else {
      http2.write(UnsafeRawBufferPointer(rebasing: body.bytes[range]))
    }
    if endOfStream { write(ProxyMessages.endOfStreamTail) }
  }

  private func write(_ text: StaticString) {
    http2?.write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Sends the response headers and either all messages of the body or none yet.
  func sendResponse(_ script: ResponseScript, wholeBody: Bool) {
    guard let http2 else { return }
    script.headers.withUnsafeBytes { http2.write($0) }
    guard wholeBody else { return }
    http2.write(script.messages, 0..<script.messages.count)
    sentMessages = script.ends.count
  }

  /// Sends the next message of the response body.
  /// - Returns: whether there are more.
  func sendNextMessage(_ script: ResponseScript) -> Bool {
    guard let http2, sentMessages < script.ends.count else { return false }
    let start = sentMessages == 0 ? 0 : script.ends[sentMessages - 1]
    http2.write(UnsafeRawBufferPointer(rebasing: script.messages.bytes[start..<script.ends[sentMessages]]))
    sentMessages += 1
    return sentMessages < script.ends.count
  }

  /// Ends the stream without its answers.
  func giveUp(_ failure: FailureKind?) {
    self.failure = failure
    isResetHere = true
    http2?.reset(.cancel)
  }

  // MARK: Receiving

  func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    let wanted: StaticString = "grpc-status"
    guard name.count == wanted.utf8CodeUnitCount,
      name.elementsEqual(UnsafeBufferPointer(start: wanted.utf8Start, count: name.count))
    else { return }
    status = Int(String(decoding: value, as: UTF8.self))
  }

  func receivedHeaders() {}

  func receivedData(_ bytes: UnsafeRawBufferPointer) {
    guard !isResetHere else { return }
    var rest = bytes
    while true {
      switch reader.next(in: &rest, maxMessageBytes: .max) {
      case .message(let message): perform(machine.received(worker.reader.read(message), in: exchange))
      case .needsBytes: return
      case .tooLarge, .compressed: return perform(machine.received(nil, in: exchange))
      }
    }
  }

  private var exchange: ConversationMachine.Exchange {
    ConversationMachine.Exchange(
      requestBody: body.bytes, responseBody: worker.response?.body.bytes, pool: worker.pool)
  }

  private func perform(_ action: ConversationMachine.Action) {
    switch action {
    case .none: break
    case .decided: worker.decided(self)
    case .sendResponse: worker.requestAnswered(self)
    case .finish:
      if machine.isComplete { worker.completed(self) }
      finish()
    case .giveUp: giveUp(nil)
    }
  }

  private func finish() {
    switch worker.plan.ending {
    case .halfClose: http2?.finish()
    case .reset: giveUp(nil)
    }
  }

  func receivedEnd() {
    machine.ended(status: status)
  }

  func outputDrained() {}

  func closed(_ code: HTTP2ErrorCode) {
    http2 = nil
    reader.reset()
    let wasAnswered = machine.isComplete || machine.rejection != nil
    if !isResetHere, failure == nil, machine.fault == nil, status == nil || !wasAnswered {
      failure = worker.isDisconnecting ? .connectionLost : .reset
    }
    worker.ended(self)
  }
}
