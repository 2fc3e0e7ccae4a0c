import HTTP2

/// Remembers everything that happened on one stream, and lets a test act from within the callbacks.
final class RecordingHandler: HTTP2StreamHandler {
  typealias Header = (name: String, value: String)

  /// Header blocks in the order they arrived; trailers are a block of their own.
  private(set) var blocks: [[Header]] = []
  private(set) var body: [UInt8] = []
  private(set) var endCount = 0
  private(set) var drainedCount = 0
  private(set) var overdueCalls = 0
  /// One entry for each call of `closed`; more than one is always a mistake.
  private(set) var closedWith: [HTTP2ErrorCode] = []
  /// Callbacks after `closed`; any is a mistake.
  private(set) var callsAfterClose = 0
  private var currentBlock: [Header] = []

  /// The stream, as long as it is open. Set by the test's application or by ``SessionPair/open(_:)``.
  var stream: HTTP2Stream?

  var onHeaders: (RecordingHandler) -> Void = { _ in }
  var onData: (RecordingHandler, UnsafeRawBufferPointer) -> Void = { _, _ in }
  var onEnd: (RecordingHandler) -> Void = { _ in }
  var onDrained: (RecordingHandler) -> Void = { _ in }
  var onClosed: (RecordingHandler) -> Void = { _ in }

  var status: String? { value(":status", block: 0) }
  var isClosed: Bool { !closedWith.isEmpty }

  func value(_ name: String, block: Int) -> String? {
    block < blocks.count ? blocks[block].first { $0.name == name }?.value : nil
  }

  func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    noteCall()
    currentBlock.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
  }

  func receivedHeaders() {
    noteCall()
    blocks.append(currentBlock)
    currentBlock = []
    onHeaders(self)
  }

  func receivedData(_ bytes: UnsafeRawBufferPointer) {
    noteCall()
    body.append(contentsOf: bytes)
    onData(self, bytes)
  }

  func receivedEnd() {
    noteCall()
    endCount += 1
    onEnd(self)
  }

  func outputDrained() {
    noteCall()
    drainedCount += 1
    onDrained(self)
  }

  func overdue() {
    noteCall()
    overdueCalls += 1
  }

  func closed(_ code: HTTP2ErrorCode) {
    closedWith.append(code)
    stream = nil
    onClosed(self)
  }

  private func noteCall() {
    if isClosed { callsAfterClose += 1 }
  }
}

extension HTTP2Stream {
  func write(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { write($0) }
  }
}
