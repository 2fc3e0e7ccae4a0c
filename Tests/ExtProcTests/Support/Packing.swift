import CEnvoyProtos
import ExtProc

/// Packs what a proxy sends with protobuf-c, as an independent writer of the wire format.
final class Packing {
  typealias Header = (name: String, value: String, rawValue: String)

  /// A value of dynamic metadata.
  indirect enum Value {
    case null
    case number(Double)
    case string(String)
    case bool(Bool)
    case list([Value])
    case structure([(String, Value)])
  }

  private let arena: OpaquePointer

  init() {
    guard let arena = epp_arena_create(64 << 10) else { preconditionFailure("out of memory") }
    self.arena = arena
  }

  deinit {
    epp_arena_destroy(arena)
  }

  // MARK: Messages

  func requestHeaders(
    _ headers: [Header], endOfStream: Bool = false, metadata: [UInt8] = [], modes: (UInt32, UInt32, Bool)? = nil
  ) -> [UInt8] {
    processingRequest(metadata, modes) { message in
      message.request_case = EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_REQUEST_HEADERS
      message.request_headers = httpHeaders(headers, endOfStream)
    }
  }

  func responseHeaders(_ headers: [Header], endOfStream: Bool = false, metadata: [UInt8] = []) -> [UInt8] {
    processingRequest(metadata, nil) { message in
      message.request_case = EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_RESPONSE_HEADERS
      message.response_headers = httpHeaders(headers, endOfStream)
    }
  }

  /// - Parameter body: the bytes of the body; `HttpBody` has the fields of `StreamedBodyResponse`.
  func body(
    _ direction: ProcessingMessage.Direction, _ body: [UInt8], endOfStream: Bool, metadata: [UInt8] = [],
    modes: (UInt32, UInt32, Bool)? = nil
  ) -> [UInt8] {
    var content = Epp__ExtProc__StreamedBodyResponse()
    epp__ext_proc__streamed_body_response__init(&content)
    content.body = data(body)
    content.end_of_stream = endOfStream ? 1 : 0
    let packed = pack(
      &content, epp__ext_proc__streamed_body_response__get_packed_size, epp__ext_proc__streamed_body_response__pack)
    return processingRequest(metadata, modes) { message in
      if direction == .request {
        message.request_case = EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_REQUEST_BODY
        message.request_body = data(packed)
      } else {
        message.request_case = EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_RESPONSE_BODY
        message.response_body = data(packed)
      }
    }
  }

  func trailers(_ direction: ProcessingMessage.Direction, metadata: [UInt8] = []) -> [UInt8] {
    let content = headerMap([(name: "checksum", value: "1", rawValue: "")])
    return processingRequest(metadata, nil) { message in
      if direction == .request {
        message.request_case = EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_REQUEST_TRAILERS
        message.request_trailers = data(content)
      } else {
        message.request_case = EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_RESPONSE_TRAILERS
        message.response_trailers = data(content)
      }
    }
  }

  /// A message that is about nothing a picker answers.
  func attributesAlone() -> [UInt8] {
    processingRequest([], nil) { message in
      message.n_attributes = 1
      message.attributes = allocate(data([1, 2, 3]))
    }
  }

  /// An `envoy.config.core.v3.HeaderMap`.
  func headerMap(_ headers: [Header]) -> [UInt8] {
    headers.flatMap { header in
      var value = Epp__ExtProc__HeaderValue()
      epp__ext_proc__header_value__init(&value)
      value.key = text(header.name)
      value.value = text(header.value)
      value.raw_value = data(Array(header.rawValue.utf8))
      return Wire.field(
        1, pack(&value, epp__ext_proc__header_value__get_packed_size, epp__ext_proc__header_value__pack))
    }
  }

  /// An `envoy.config.core.v3.Metadata`.
  func metadata(_ namespaces: [(String, [(String, Value)])]) -> [UInt8] {
    var message = Epp__ExtProc__Metadata()
    epp__ext_proc__metadata__init(&message)
    message.n_filter_metadata = namespaces.count
    message.filter_metadata = array(
      namespaces.map { namespace in
        var entry = Epp__ExtProc__Metadata__FilterMetadataEntry()
        epp__ext_proc__metadata__filter_metadata_entry__init(&entry)
        entry.key = text(namespace.0)
        entry.value = structure(namespace.1)
        return allocate(entry)
      })
    return pack(&message, epp__ext_proc__metadata__get_packed_size, epp__ext_proc__metadata__pack)
  }

  // MARK: Parts

  private func processingRequest(
    _ metadata: [UInt8], _ modes: (UInt32, UInt32, Bool)?, _ fill: (inout Epp__ExtProc__ProcessingRequest) -> Void
  ) -> [UInt8] {
    var message = Epp__ExtProc__ProcessingRequest()
    epp__ext_proc__processing_request__init(&message)
    message.metadata_context = data(metadata)
    if let modes {
      var configuration = Epp__ExtProc__ProtocolConfiguration()
      epp__ext_proc__protocol_configuration__init(&configuration)
      configuration.request_body_mode = modes.0
      configuration.response_body_mode = modes.1
      configuration.send_body_without_waiting_for_header_response = modes.2 ? 1 : 0
      message.protocol_config = allocate(configuration)
    }
    fill(&message)
    return pack(&message, epp__ext_proc__processing_request__get_packed_size, epp__ext_proc__processing_request__pack)
  }

  private func httpHeaders(
    _ headers: [Header], _ endOfStream: Bool
  ) -> UnsafeMutablePointer<Epp__ExtProc__HttpHeaders>? {
    var message = Epp__ExtProc__HttpHeaders()
    epp__ext_proc__http_headers__init(&message)
    message.headers = data(headerMap(headers))
    message.end_of_stream = endOfStream ? 1 : 0
    return allocate(message)
  }

  private func structure(_ fields: [(String, Value)]) -> UnsafeMutablePointer<Google__Protobuf__Struct>? {
    var message = Google__Protobuf__Struct()
    google__protobuf__struct__init(&message)
    message.n_fields = fields.count
    message.fields = array(
      fields.map { field in
        var entry = Google__Protobuf__Struct__FieldsEntry()
        google__protobuf__struct__fields_entry__init(&entry)
        entry.key = text(field.0)
        entry.value = value(field.1)
        return allocate(entry)
      })
    return allocate(message)
  }

  private func value(_ content: Value) -> UnsafeMutablePointer<Google__Protobuf__Value>? {
    var message = Google__Protobuf__Value()
    google__protobuf__value__init(&message)
    switch content {
    case .null:
      message.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE
    case .number(let number):
      message.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE
      message.number_value = number
    case .string(let string):
      message.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE
      message.string_value = text(string)
    case .bool(let bool):
      message.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE
      message.bool_value = bool ? 1 : 0
    case .structure(let fields):
      message.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE
      message.struct_value = structure(fields)
    case .list(let items):
      message.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE
      var list = Google__Protobuf__ListValue()
      google__protobuf__list_value__init(&list)
      list.n_values = items.count
      list.values = array(items.map { value($0) })
      message.list_value = allocate(list)
    }
    return allocate(message)
  }

  // MARK: Memory

  private func allocate<Message>(_ message: Message) -> UnsafeMutablePointer<Message>? {
    let pointer = epp_arena_alloc(arena, MemoryLayout<Message>.size)?.bindMemory(to: Message.self, capacity: 1)
    pointer?.initialize(to: message)
    return pointer
  }

  private func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
    let size = MemoryLayout<Element>.stride * elements.count
    let pointer = epp_arena_alloc(arena, size)?.bindMemory(to: Element.self, capacity: elements.count)
    for (index, element) in elements.enumerated() { pointer.map { $0 + index }?.initialize(to: element) }
    return pointer
  }

  private func text(_ string: String) -> UnsafeMutablePointer<CChar>? { array(Array(string.utf8CString)) }

  private func data(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    ProtobufCBinaryData(len: bytes.count, data: array(bytes))
  }

  private func pack<Message>(
    _ message: inout Message, _ size: (UnsafePointer<Message>?) -> Int,
    _ pack: (UnsafePointer<Message>?, UnsafeMutablePointer<UInt8>?) -> Int
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size(&message))
    let length = pack(&message, &bytes)
    precondition(length == bytes.count)
    return bytes
  }
}
