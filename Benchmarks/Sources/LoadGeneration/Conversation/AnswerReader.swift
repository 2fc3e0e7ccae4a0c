import CEnvoyProtos

/// Reads a picker's answers with protobuf-c: none of the code that wrote epp's answers takes part. For one thread.
package final class AnswerReader {
  private let arena: OpaquePointer

  package init() {
    // Room for the largest piece of a body that proxies accept.
    guard let arena = epp_arena_create(256 << 10) else { preconditionFailure("out of memory") }
    self.arena = arena
  }

  deinit {
    epp_arena_destroy(arena)
  }

  /// Reads one message.
  /// - Returns: nil when the bytes are not a ProcessingResponse.
  package func read(_ bytes: UnsafeRawBufferPointer) -> ProcessingAnswer? {
    epp_arena_reset(arena)
    guard
      let message = epp__ext_proc__processing_response__unpack(
        epp_arena_allocator(arena), bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    else { return nil }
    var answer: ProcessingAnswer
    switch message.pointee.response_case {
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_HEADERS:
      answer = Self.headers(.requestHeaders, message.pointee.request_headers)
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_HEADERS:
      answer = Self.headers(.responseHeaders, message.pointee.response_headers)
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_BODY:
      answer = Self.body(.requestBody, message.pointee.request_body)
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_BODY:
      answer = Self.body(.responseBody, message.pointee.response_body)
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_TRAILERS: answer = ProcessingAnswer(.requestTrailers)
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_TRAILERS: answer = ProcessingAnswer(.responseTrailers)
    case EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_IMMEDIATE_RESPONSE:
      answer = ProcessingAnswer(.immediate)
      answer.status = Int(message.pointee.immediate_response?.pointee.status?.pointee.code ?? 0)
    default:
      answer = ProcessingAnswer(.nothing)
    }
    answer.destinationMetadata = Self.destination(in: message.pointee.dynamic_metadata)
    return answer
  }

  private static func headers(
    _ kind: ProcessingAnswer.Kind, _ headers: UnsafeMutablePointer<Epp__ExtProc__HeadersResponse>?
  ) -> ProcessingAnswer {
    var answer = ProcessingAnswer(kind)
    answer.destination = destination(in: headers?.pointee.response?.pointee.header_mutation)
    return answer
  }

  private static func body(
    _ kind: ProcessingAnswer.Kind, _ body: UnsafeMutablePointer<Epp__ExtProc__BodyResponse>?
  ) -> ProcessingAnswer {
    var answer = ProcessingAnswer(kind)
    guard let mutation = body?.pointee.response?.pointee.body_mutation,
      mutation.pointee.mutation_case == EPP__EXT_PROC__BODY_MUTATION__MUTATION_STREAMED_RESPONSE,
      let piece = mutation.pointee.streamed_response
    else { return answer }
    answer.isStreamed = true
    answer.endOfStream = piece.pointee.end_of_stream != 0
    answer.body = UnsafeRawBufferPointer(start: piece.pointee.body.data, count: piece.pointee.body.len)
    return answer
  }

  private static let destinationName: StaticString = "x-gateway-destination-endpoint"

  private static func destination(
    in mutation: UnsafeMutablePointer<Epp__ExtProc__HeaderMutation>?
  ) -> UnsafeRawBufferPointer? {
    guard let mutation else { return nil }
    let options = UnsafeBufferPointer(start: mutation.pointee.set_headers, count: mutation.pointee.n_set_headers)
    for case let option? in options {
      guard let header = option.pointee.header, equal(header.pointee.key, destinationName) else { continue }
      let raw = header.pointee.raw_value
      return raw.len > 0 ? UnsafeRawBufferPointer(start: raw.data, count: raw.len) : text(header.pointee.value)
    }
    return nil
  }

  private static func destination(
    in metadata: UnsafeMutablePointer<Google__Protobuf__Struct>?
  ) -> UnsafeRawBufferPointer? {
    guard let namespace = value(in: metadata, "envoy.lb"),
      namespace.pointee.kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE,
      let value = value(in: namespace.pointee.struct_value, destinationName),
      value.pointee.kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE
    else { return nil }
    return text(value.pointee.string_value)
  }

  private static func value(
    in structure: UnsafeMutablePointer<Google__Protobuf__Struct>?, _ key: StaticString
  ) -> UnsafeMutablePointer<Google__Protobuf__Value>? {
    guard let structure else { return nil }
    let fields = UnsafeBufferPointer(start: structure.pointee.fields, count: structure.pointee.n_fields)
    for case let field? in fields where equal(field.pointee.key, key) { return field.pointee.value }
    return nil
  }

  private static func equal(_ text: UnsafeMutablePointer<CChar>?, _ other: StaticString) -> Bool {
    guard let text else { return false }
    for index in 0..<other.utf8CodeUnitCount where UInt8(bitPattern: text[index]) != other.utf8Start[index] {
      return false
    }
    return text[other.utf8CodeUnitCount] == 0
  }

  private static func text(_ text: UnsafeMutablePointer<CChar>?) -> UnsafeRawBufferPointer? {
    guard let text else { return nil }
    var length = 0
    while text[length] != 0 { length += 1 }
    return UnsafeRawBufferPointer(start: text, count: length)
  }
}
