/// How a call ended.
public struct GRPCStatus: Sendable, Hashable, Error {
  /// The status codes of gRPC.
  public enum Code: Int, Sendable {
    /// The call completed.
    case ok = 0
    /// The caller gave up.
    case cancelled = 1
    /// An error without a better code.
    case unknown = 2
    /// The caller sent something that cannot be right.
    case invalidArgument = 3
    /// The time for the call ran out.
    case deadlineExceeded = 4
    /// Something named in the call does not exist.
    case notFound = 5
    /// A limit was reached.
    case resourceExhausted = 8
    /// The call makes no sense in the state it came in.
    case failedPrecondition = 9
    /// There is no such method.
    case unimplemented = 12
    /// Something failed here.
    case `internal` = 13
    /// The service cannot answer now.
    case unavailable = 14
  }

  /// The code.
  public let code: Code
  /// Text for people, empty for success.
  public let message: String

  /// Creates a status.
  public init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  /// Success.
  public static let ok = GRPCStatus(.ok)

  /// The message as the `grpc-message` header wants it: everything but printable ASCII percent-encoded.
  var encodedMessage: String {
    var text = ""
    for byte in message.utf8.prefix(1_024) {
      if byte >= 0x20, byte <= 0x7E, byte != UInt8(ascii: "%") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return text
  }
}
