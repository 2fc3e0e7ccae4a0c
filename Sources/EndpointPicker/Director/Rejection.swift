import ExtProc
import FlowControl
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
  /// The request waited for its turn in vain, or could not wait; the outcome is not `dispatched`.
  case notServed(FlowOutcome)
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
    case .notServed(.rejectedCapacity), .notServed(.evictedTimeToLive): 429
    case .notServed: 503
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
    case .notServed(.rejectedCapacity), .notServed(.evictedTimeToLive): RequestError.Code.resourceExhausted.rawValue
    case .notServed: RequestError.Code.serviceUnavailable.rawValue
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
    case .notServed(let outcome): Self.message(outcome)
    case .modelNotReplaceable: "the model in the request body cannot be replaced"
    }
  }

  /// Value of the response header that tells why a request was dropped; nil for requests that were wrong.
  public var dropReason: String? {
    switch self {
    case .badRequest, .bodyTooLarge, .requestTooSlow, .denied, .notCached, .modelNotReplaceable: nil
    case .notServed(let outcome): Self.dropReason(outcome)
    case .noCandidates: "rejected-no-endpoints"
    case .schedulingFailed, .shed, .buffersFull: "rejected-saturated"
    }
  }

  /// Endpoint Picker protocol, flow control.
  private static func message(_ outcome: FlowOutcome) -> String {
    switch outcome {
    case .dispatched: "request rejected by flow control"
    case .rejectedCapacity: "request rejected pre-queue: queue at capacity"
    case .rejectedNoEndpoints: "no endpoints available: request rejected pre-queue: queue at capacity"
    case .rejectedShuttingDown: "request rejected pre-queue: shutting down"
    case .evictedTimeToLive: "request timed out in queue: request evicted from queue: request TTL expired"
    case .evictedWithoutEndpoints:
      "request timed out in queue and no endpoints are available: request evicted from queue: request TTL expired"
    case .evictedContextCancelled: "client disconnected: request evicted from queue: request context cancelled"
    }
  }

  private static func dropReason(_ outcome: FlowOutcome) -> String {
    switch outcome {
    case .dispatched, .rejectedCapacity: "rejected-saturated"
    case .rejectedNoEndpoints, .evictedWithoutEndpoints: "rejected-no-endpoints"
    case .rejectedShuttingDown: "rejected-shutting-down"
    case .evictedTimeToLive: "rejected-ttl-expired"
    case .evictedContextCancelled: "rejected-context-cancelled"
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
