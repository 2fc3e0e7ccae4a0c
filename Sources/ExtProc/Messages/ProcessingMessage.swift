import CEnvoyProtos

/// One message from the proxy, `envoy.service.ext_proc.v3.ProcessingRequest`, read without copying what is large.
///
/// Bodies are found by walking the received bytes, since they are the most frequent and the largest messages and
/// protobuf-c would copy them. All other messages are unpacked by protobuf-c into the arena, in a schema that leaves
/// header lists and metadata as bytes. Valid until the arena is reset or the received bytes go.
public struct ProcessingMessage {
  /// What the message is about.
  public enum Content {
    /// Request or response headers.
    case headers(HeaderMapView, endOfStream: Bool)
    /// A piece of a body.
    case body(UnsafeRawBufferPointer, endOfStream: Bool)
    /// Trailers.
    case trailers
  }

  /// Which half of the exchange the message belongs to.
  public enum Direction: Sendable, Hashable {
    /// From the client to the model server.
    case request
    /// From the model server to the client.
    case response
  }

  /// Request or response.
  public let direction: Direction
  /// Headers, body or trailers; nil for a message that carries none of them, such as attributes alone.
  public let content: Content?
  /// The encoded `envoy.config.core.v3.Metadata`, empty if absent.
  public let metadata: UnsafeRawBufferPointer
  /// The body modes in force, sent with the first message of newer proxies.
  public let bodyModes: BodyModes?

  /// Reads a message.
  /// - Throws: when the bytes are not a ProcessingRequest.
  public init(_ bytes: UnsafeRawBufferPointer, arena: Arena) throws(ProcessingMessageError) {
    if let body = try Self.body(bytes) {
      self = body
    } else {
      try self.init(unpacking: bytes, arena: arena)
    }
  }

  private init(
    direction: Direction, content: Content?, metadata: UnsafeRawBufferPointer, bodyModes: BodyModes?
  ) {
    self.direction = direction
    self.content = content
    self.metadata = metadata
    self.bodyModes = bodyModes
  }

  /// The message as a body, nil if it is something else.
  private static func body(_ bytes: UnsafeRawBufferPointer) throws(ProcessingMessageError) -> ProcessingMessage? {
    var direction = Direction.request
    var body: UnsafeRawBufferPointer?
    var metadata = UnsafeRawBufferPointer(start: nil, count: 0)
    var modes: BodyModes?
    var reader = WireReader(bytes)
    while let field = reader.next() {
      switch field.tag {
      case 2, 3, 6, 7: return nil
      case 4:
        direction = .request
        body = field.bytes
      case 5:
        direction = .response
        body = field.bytes
      case 8: metadata = field.bytes
      case 11: modes = try BodyModes(field.bytes)
      default: break
      }
    }
    guard !reader.isMalformed else { throw .malformed("ProcessingRequest") }
    guard let body else { return nil }
    var content = UnsafeRawBufferPointer(start: nil, count: 0)
    var endOfStream = false
    var inner = WireReader(body)
    while let field = inner.next() {
      switch field.tag {
      case 1: content = field.bytes
      case 2: endOfStream = field.varint != 0
      default: break
      }
    }
    guard !inner.isMalformed else { throw .malformed("HttpBody") }
    return ProcessingMessage(
      direction: direction, content: .body(content, endOfStream: endOfStream), metadata: metadata, bodyModes: modes)
  }

  private init(unpacking bytes: UnsafeRawBufferPointer, arena: Arena) throws(ProcessingMessageError) {
    guard
      let message = epp__ext_proc__processing_request__unpack(
        arena.allocator, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    else { throw .malformed("ProcessingRequest") }
    metadata = UnsafeRawBufferPointer(message.pointee.metadata_context)
    bodyModes = message.pointee.protocol_config.map { modes in
      BodyModes(
        request: BodyMode(rawValue: modes.pointee.request_body_mode),
        response: BodyMode(rawValue: modes.pointee.response_body_mode))
    }
    switch message.pointee.request_case {
    case EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_REQUEST_HEADERS:
      direction = .request
      content = Self.headers(message.pointee.request_headers)
    case EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_RESPONSE_HEADERS:
      direction = .response
      content = Self.headers(message.pointee.response_headers)
    case EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_REQUEST_TRAILERS:
      direction = .request
      content = .trailers
    case EPP__EXT_PROC__PROCESSING_REQUEST__REQUEST_RESPONSE_TRAILERS:
      direction = .response
      content = .trailers
    default:
      direction = .request
      content = nil
    }
  }

  private static func headers(_ headers: UnsafeMutablePointer<Epp__ExtProc__HttpHeaders>?) -> Content? {
    headers.map {
      .headers(
        HeaderMapView(UnsafeRawBufferPointer($0.pointee.headers)), endOfStream: $0.pointee.end_of_stream != 0)
    }
  }
}

/// Bytes that are not what they should be.
public enum ProcessingMessageError: Error, Hashable, Sendable {
  /// The named message cannot be read.
  case malformed(String)
}

extension UnsafeRawBufferPointer {
  /// The bytes of a protobuf-c field.
  init(_ data: ProtobufCBinaryData) {
    self.init(start: data.data, count: data.len)
  }
}
