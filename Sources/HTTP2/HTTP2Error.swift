import CNghttp2

/// Why a connection cannot go on.
public struct HTTP2Error: Error, CustomStringConvertible {
  /// nghttp2's error code, negative.
  public let code: Int
  /// What was being done.
  public let operation: String

  init(code: Int, operation: String) {
    self.code = code
    self.operation = operation
  }

  /// The operation and nghttp2's text for the code.
  public var description: String {
    let text = nghttp2_strerror(Int32(truncatingIfNeeded: code)).map { String(cString: $0) } ?? "error \(code)"
    return "HTTP/2 \(operation): \(text)"
  }
}

/// Error codes of RST_STREAM and GOAWAY frames (RFC 9113, section 7).
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
  /// The code on the wire.
  public let rawValue: UInt32

  /// Creates a code from its wire value.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Graceful end.
  public static let noError = HTTP2ErrorCode(rawValue: 0)
  /// The peer broke the protocol.
  public static let protocolError = HTTP2ErrorCode(rawValue: 1)
  /// Something failed here.
  public static let internalError = HTTP2ErrorCode(rawValue: 2)
  /// The stream was not processed at all.
  public static let refusedStream = HTTP2ErrorCode(rawValue: 7)
  /// The stream is no longer wanted.
  public static let cancel = HTTP2ErrorCode(rawValue: 8)
  /// The peer causes excessive load.
  public static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)
}
