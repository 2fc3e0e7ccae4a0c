import ExtProc
import InferenceAPI

/// A request that gets no endpoint, and what the client is told. One table from cause to status, text and header
/// (Endpoint Picker protocol, errors).
public enum Rejection: Error, Sendable, Equatable {
  /// The request itself is wrong.
  case badRequest(RequestError)
  /// No endpoint could serve the request, or none of those the proxy allows.
  case noCandidates
  /// Filters left no endpoint, or profiles came to no decision.
  case schedulingFailed(String)
  /// An admission plugin turned the request away.
  case denied(String)
  /// The pool is saturated and the request's priority allows to drop it.
  case shed
  /// The request body is larger than allowed.
  case bodyTooLarge(limit: Int)
  /// The process holds as many request bytes as it may.
  case buffersFull
  /// The request did not arrive, or was not decided, within the time it may take.
  case requestTooSlow
  /// The client prefers to be told that no server has its prompt cached to waiting for one to process it.
  case notCached
  /// The body names its model in a way that cannot be replaced.
  case modelNotReplaceable

  /// HTTP status of the answer.
  public var status: Int {
    switch self {
    case .badRequest(let error): error.code.httpStatus
    case .noCandidates, .buffersFull: 503
    case .schedulingFailed, .shed: 429
    case .bodyTooLarge: 413
    case .requestTooSlow: 408
    case .denied, .modelNotReplaceable: 500
    case .notCached: 412
    }
  }

  /// Name of the cause, as in the answer's text and in metrics.
  public var code: String {
    switch self {
    case .badRequest(let error): error.code.rawValue
    case .noCandidates, .buffersFull: RequestError.Code.serviceUnavailable.rawValue
    case .schedulingFailed, .shed: RequestError.Code.resourceExhausted.rawValue
    case .bodyTooLarge: "PayloadTooLarge"
    case .requestTooSlow: "RequestTimeout"
    case .denied, .modelNotReplaceable: RequestError.Code.internalError.rawValue
    case .notCached: "PreconditionFailed"
    }
  }

  /// The cause for people.
  public var message: String {
    switch self {
    case .badRequest(let error): error.message
    case .noCandidates: "failed to find endpoint candidates for serving the request"
    case .schedulingFailed(let reason): "failed to find target endpoint: \(reason)"
    case .denied(let reason): "request cannot be admitted: \(reason)"
    case .shed: "system saturated, sheddable request dropped"
    case .bodyTooLarge(let limit): "request body exceeds \(limit) bytes"
    case .requestTooSlow: "the request took too long to arrive"
    case .buffersFull: "too many request bytes are held in memory"
    case .notCached: "no decode worker has the requested KV cache"
    case .modelNotReplaceable: "the model in the request body cannot be replaced"
    }
  }

  /// Value of the response header that tells why a request was dropped; nil for requests that were wrong.
  public var dropReason: String? {
    switch self {
    case .badRequest, .bodyTooLarge, .requestTooSlow, .denied, .notCached, .modelNotReplaceable: nil
    case .noCandidates: "rejected-no-endpoints"
    case .schedulingFailed, .shed, .buffersFull: "rejected-saturated"
    }
  }

  package static let dropReasonHeader = "x-llm-d-request-dropped-reason"

  /// The answer that ends the request.
  package var answer: Answer {
    var answer = Answer(.immediate(status: status))
    answer.body = Array("inference error: \(code) - \(message)".utf8)
    if let dropReason { answer.headers = [(Self.dropReasonHeader, dropReason)] }
    return answer
  }
}
