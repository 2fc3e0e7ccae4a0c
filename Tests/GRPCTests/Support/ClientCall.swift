import GRPC
import GRPCFraming
import HTTP2

/// A client's end of one gRPC call on an HTTP/2 session. Belongs to the thread of the session.
final class ClientCall: HTTP2StreamHandler {
  /// What has come back so far.
  struct Outcome: Sendable {
    /// The first header block.
    fileprivate(set) var headers: [String: String] = [:]
    /// The second header block.
    fileprivate(set) var trailers: [String: String] = [:]
    fileprivate(set) var messages: [[UInt8]] = []
    /// The server ended the stream properly.
    fileprivate(set) var hasEnded = false
    /// One code for each report that the stream is gone; more than one is always a mistake.
    fileprivate(set) var closedWith: [HTTP2ErrorCode] = []

    var httpStatus: String? { headers[":status"] }
    /// The gRPC status, nil if the server did not send one.
    var status: GRPCStatus.Code? {
      (trailers["grpc-status"] ?? headers["grpc-status"]).flatMap { Int($0) }.flatMap { GRPCStatus.Code(rawValue: $0) }
    }
    /// The status message as it was sent, percent-encoded.
    var statusMessage: String? { trailers["grpc-message"] ?? headers["grpc-message"] }
    var isClosed: Bool { !closedWith.isEmpty }
  }

  private(set) var outcome = Outcome()
  /// Called after every change of ``outcome``.
  var onChange: (ClientCall) -> Void = { _ in }
  /// The stream, as long as it is open.
  var stream: HTTP2Stream?
  private var block: [String: String] = [:]
  private var blockCount = 0
  private var reader = GRPCMessageReader()

  /// The headers of a call.
  static func headers(
    path: String, method: String = "POST", contentType: String? = "application/grpc",
    more: [(name: String, value: String)] = []
  ) -> HeaderBlock {
    let type = contentType.map { [(name: "content-type", value: $0)] } ?? []
    return HeaderBlock(
      [
        (name: ":method", value: method), (name: ":scheme", value: "http"), (name: ":path", value: path),
        (name: ":authority", value: "localhost"), (name: "te", value: "trailers"),
      ] + type + more)
  }

  // MARK: Sending

  func send(_ message: [UInt8]) { sendRaw(framed(message)) }

  /// Sends bytes that need not be messages.
  func sendRaw(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in stream?.write(bytes) }
  }

  func halfClose() { stream?.finish() }

  func reset(_ code: HTTP2ErrorCode = .cancel) { stream?.reset(code) }

  // MARK: Receiving

  func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    block[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
  }

  func receivedHeaders() {
    blockCount += 1
    if blockCount == 1 { outcome.headers = block } else { outcome.trailers = block }
    block = [:]
    onChange(self)
  }

  func receivedData(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while case .message(let message) = reader.next(in: &rest, maxMessageBytes: .max) {
      outcome.messages.append(Array(message))
    }
    onChange(self)
  }

  func receivedEnd() {
    outcome.hasEnded = true
    onChange(self)
  }

  func outputDrained() {}

  func closed(_ code: HTTP2ErrorCode) {
    outcome.closedWith.append(code)
    stream = nil
    onChange(self)
  }
}
