import CEnvoyProtos
import ExtProc
import Testing

/// Answers built from parts are what protobuf-c reads.
@Suite struct AnswerTests {
  private typealias Pointer = UnsafeMutablePointer<Epp__ExtProc__ProcessingResponse>

  private func unpacked(_ answer: Answer, _ body: (Epp__ExtProc__ProcessingResponse) throws -> Void) throws {
    let response = try Response(answer.packed())
    defer { response.free() }
    try body(response.message.pointee)
  }

  private static let headers = [
    (name: "x-gateway-destination-endpoint", value: "10.0.0.1:8000,10.0.0.2:8000"), (name: "x-empty", value: ""),
    (name: "x-text", value: "é ~"),
  ]
  private static let setHeaders = headers.map { Response.SetHeader(name: $0.name, rawValue: $0.value) }

  @Test func requestHeaders() throws {
    var answer = Answer(.headers(.request))
    answer.headers = Self.headers
    answer.clearsRouteCache = true
    answer.metadata = [
      .init(namespace: "envoy.lb", key: "x-gateway-destination-endpoint", value: .string("10.0.0.1:8000")),
      .init(namespace: "envoy.lb", key: "score", value: .number(0.25)),
      .init(namespace: "other", key: "", value: .string("")),
    ]
    try unpacked(answer) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_HEADERS)
      let common = try #require(message.request_headers?.pointee.response?.pointee)
      #expect(Response.headers(common.header_mutation) == Self.setHeaders)
      #expect(common.clear_route_cache != 0)
      #expect(common.body_mutation == nil)
      #expect(
        Response.metadata(message.dynamic_metadata) == [
          "envoy.lb/x-gateway-destination-endpoint=10.0.0.1:8000", "envoy.lb/score=0.25", "other/=",
        ])
      #expect(message.mode_override == nil)
    }
  }

  @Test func metadataInStructs() throws {
    var answer = Answer(.headers(.request))
    answer.metadata = [
      .init(namespace: "envoy.lb", key: "endpoint", value: .string("a")),
      .init(namespace: "envoy.lb", parent: "scores", key: "a", value: .number(1)),
      .init(namespace: "envoy.lb", parent: "scores", key: "b", value: .number(0.5)),
      .init(namespace: "envoy.lb", parent: "names", key: "a", value: .string("x")),
      .init(namespace: "envoy.lb", key: "last", value: .number(2)),
      .init(namespace: "other", parent: "scores", key: "a", value: .number(3)),
    ]
    try unpacked(answer) { message in
      #expect(
        Response.metadata(message.dynamic_metadata) == [
          "envoy.lb/endpoint=a", "envoy.lb/scores/a=1.0", "envoy.lb/scores/b=0.5", "envoy.lb/names/a=x",
          "envoy.lb/last=2.0", "other/scores/a=3.0",
        ])
    }
  }

  @Test func responseHeaders() throws {
    var answer = Answer(.headers(.response))
    answer.headers = Self.headers
    try unpacked(answer) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_HEADERS)
      let common = try #require(message.response_headers?.pointee.response?.pointee)
      #expect(Response.headers(common.header_mutation) == Self.setHeaders)
      #expect(common.clear_route_cache == 0)
      #expect(message.dynamic_metadata == nil)
    }
  }

  @Test func answersThatChangeNothing() throws {
    try unpacked(Answer(.headers(.response))) { message in
      let common = try #require(message.response_headers?.pointee.response?.pointee)
      #expect(common.header_mutation == nil)
    }
    try unpacked(Answer(.body(.request))) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_BODY)
      let common = try #require(message.request_body?.pointee.response?.pointee)
      #expect(common.body_mutation == nil)
    }
  }

  @Test(arguments: [nil, [], [1], Array(repeating: 7, count: 100_000)] as [[UInt8]?])
  func wholeBodies(body: [UInt8]?) throws {
    var answer = Answer(.body(.response))
    answer.body = body
    try unpacked(answer) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_BODY)
      let common = try #require(message.response_body?.pointee.response?.pointee)
      #expect((common.body_mutation != nil) == (body != nil))
      guard let mutation = common.body_mutation?.pointee else { return }
      #expect(mutation.mutation_case == EPP__EXT_PROC__BODY_MUTATION__MUTATION_BODY)
      #expect((array(mutation.body) == body) == true)
    }
  }

  @Test func trailers() throws {
    try unpacked(Answer(.trailers(.request))) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_TRAILERS)
      let trailers = try #require(message.request_trailers)
      #expect(trailers.pointee.header_mutation == nil)
    }
    var answer = Answer(.trailers(.response))
    answer.headers = Self.headers
    try unpacked(answer) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_TRAILERS)
      let trailers = try #require(message.response_trailers)
      #expect(Response.headers(trailers.pointee.header_mutation) == Self.setHeaders)
    }
  }

  @Test(arguments: [(429, 429), (503, 503), (0, 0), (-1, 0)] as [(Int, UInt32)])
  func immediateAnswers(status: Int, code: UInt32) throws {
    var answer = Answer(.immediate(status: status))
    answer.body = Array("inference error: no".utf8)
    answer.headers = [(name: "content-type", value: "text/plain")]
    try unpacked(answer) { message in
      #expect(message.response_case == EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_IMMEDIATE_RESPONSE)
      let immediate = try #require(message.immediate_response?.pointee)
      #expect(immediate.status?.pointee.code == code)
      #expect(array(immediate.body) == Array("inference error: no".utf8))
      #expect(Response.headers(immediate.headers) == [.init(name: "content-type", rawValue: "text/plain")])
    }
    try unpacked(Answer(.immediate(status: status))) { message in
      let immediate = try #require(message.immediate_response?.pointee)
      #expect(immediate.body.len == 0)
      #expect(immediate.headers == nil)
    }
  }

  /// Headers 2 is SKIP; bodies 2 is BUFFERED and 0 is NONE.
  @Test func hidesTheResponse() throws {
    var answer = Answer(.headers(.request))
    answer.modeOverride = .hideResponse
    try unpacked(answer) { message in
      let mode = try #require(message.mode_override?.pointee)
      #expect(mode.request_body_mode == 2)
      #expect(mode.response_header_mode == 2)
      #expect(mode.response_body_mode == 0)
      #expect(mode.request_trailer_mode == 2)
      #expect(mode.response_trailer_mode == 2)
    }
  }

  /// Far more than the first chunk of an arena holds.
  @Test func largeAnswers() throws {
    var answer = Answer(.headers(.request))
    answer.headers = (0..<2_000).map { ("x-header-\($0)", String(repeating: "v", count: $0 % 500)) }
    answer.metadata = (0..<2_000).map { .init(namespace: "n\($0 / 10)", key: "k\($0)", value: .number(Double($0))) }
    try unpacked(answer) { message in
      let common = try #require(message.request_headers?.pointee.response?.pointee)
      let expected = answer.headers.map { Response.SetHeader(name: $0.name, rawValue: $0.value) }
      #expect((Response.headers(common.header_mutation) == expected) == true)
      let metadata = (0..<2_000).map { "n\($0 / 10)/k\($0)=\(Double($0))" }
      #expect((Response.metadata(message.dynamic_metadata) == metadata) == true)
    }
  }
}
