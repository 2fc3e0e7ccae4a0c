/// Why a request to the API server failed.
public enum KubeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The server answered with an error.
  case status(code: Int, reason: String, message: String, retryAfterSeconds: Double?)
  /// There was no answer, or it broke off.
  case connection(String)
  /// The answer cannot be understood.
  case malformed(String)
  /// The answer is larger than allowed.
  case tooLarge(limit: Int)

  /// HTTP status of the answer; nil without one.
  public var code: Int? {
    if case .status(let code, _, _, _) = self { code } else { nil }
  }

  /// The reason in one line.
  public var description: String {
    switch self {
    case .status(let code, let reason, let message, _):
      message.isEmpty ? "HTTP \(code) \(reason)" : "HTTP \(code) \(reason): \(message)"
    case .connection(let text): text
    case .malformed(let text): "malformed answer: \(text)"
    case .tooLarge(let limit): "the answer has more than \(limit) bytes"
    }
  }
}
