import EndpointPicker
import InferenceAPI
import Testing

/// What clients are told when their request gets no endpoint (Endpoint Picker protocol, errors).
@Suite struct RejectionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let rejection: Rejection
    let status: Int
    let code: String
    let message: String
    let dropReason: String?

    var testDescription: String { message }
  }

  static let table = [
    Case(
      rejection: .noCandidates, status: 503, code: "ServiceUnavailable",
      message: "failed to find endpoint candidates for serving the request", dropReason: "rejected-no-endpoints"),
    Case(
      rejection: .schedulingFailed("failed to run scheduler profile 'default'"), status: 429,
      code: "ResourceExhausted",
      message: "failed to find target endpoint: failed to run scheduler profile 'default'",
      dropReason: "rejected-saturated"),
    Case(
      rejection: .shed, status: 429, code: "ResourceExhausted",
      message: "system saturated, sheddable request dropped", dropReason: "rejected-saturated"),
    Case(
      rejection: .bodyTooLarge(limit: 64), status: 413, code: "PayloadTooLarge",
      message: "request body exceeds 64 bytes", dropReason: nil),
    Case(
      rejection: .buffersFull, status: 503, code: "ServiceUnavailable",
      message: "too many request bytes are held in memory", dropReason: "rejected-saturated"),
    Case(
      rejection: .requestTooSlow, status: 408, code: "RequestTimeout",
      message: "the request took too long to arrive", dropReason: nil),
    badRequest(.badRequest, "BadRequest", 400),
    badRequest(.unauthorized, "Unauthorized", 401),
    badRequest(.forbidden, "Forbidden", 403),
    badRequest(.notFound, "NotFound", 404),
    badRequest(.preconditionFailed, "PreconditionFailed", 412),
    badRequest(.resourceExhausted, "ResourceExhausted", 429),
    badRequest(.internalError, "Internal", 500),
    badRequest(.serviceUnavailable, "ServiceUnavailable", 503),
  ]

  private static func badRequest(_ code: RequestError.Code, _ word: String, _ status: Int) -> Case {
    Case(
      rejection: .badRequest(RequestError(code: code, message: "model not found in request body")), status: status,
      code: word, message: "model not found in request body", dropReason: nil)
  }

  @Test(arguments: table)
  func causeHasItsStatusTextAndReason(_ expected: Case) {
    let rejection = expected.rejection
    #expect(rejection.status == expected.status)
    #expect(rejection.code == expected.code)
    #expect(rejection.message == expected.message)
    #expect(rejection.dropReason == expected.dropReason)
  }
}
