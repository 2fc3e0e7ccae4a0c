/// A request that is refused with an immediate response (Endpoint Picker protocol, errors).
public struct RequestError: Error, Equatable, Sendable {
  /// The reason as the protocol's fixed set of codes. The raw value is the word that the response body shows.
  public enum Code: String, Sendable {
    case badRequest = "BadRequest"
    case unauthorized = "Unauthorized"
    case forbidden = "Forbidden"
    case notFound = "NotFound"
    case preconditionFailed = "PreconditionFailed"
    case resourceExhausted = "ResourceExhausted"
    case internalError = "Internal"
    case serviceUnavailable = "ServiceUnavailable"

    /// The HTTP status of the immediate response.
    public var httpStatus: Int {
      switch self {
      case .badRequest: 400
      case .unauthorized: 401
      case .forbidden: 403
      case .notFound: 404
      case .preconditionFailed: 412
      case .resourceExhausted: 429
      case .internalError: 500
      case .serviceUnavailable: 503
      }
    }
  }

  /// The reason.
  public let code: Code
  /// What is wrong, naming the field; shown to the client.
  public let message: String

  /// An error to answer a request with.
  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  /// The body of the immediate response: `inference error: <code> - <message>`.
  public var responseBody: String {
    "inference error: \(code.rawValue) - \(message)"
  }
}
