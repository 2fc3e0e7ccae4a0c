import CEnvoyProtos

/// An answer to the proxy that is built from parts and packed by protobuf-c; see ``BodyAnswer`` for pieces of bodies.
public struct Answer: Sendable {
  /// What is being answered.
  public enum Kind: Sendable, Hashable {
    /// Headers of a direction.
    case headers(ProcessingMessage.Direction)
    /// The whole body of a direction, in the modes that are not full duplex.
    case body(ProcessingMessage.Direction)
    /// Trailers of a direction.
    case trailers(ProcessingMessage.Direction)
    /// Ends the request with this HTTP status.
    case immediate(status: Int)
    /// Nothing by itself: the bytes follow those of another answer, which protobuf reads as one message.
    case metadata
  }

  /// A field of dynamic metadata.
  public struct MetadataField: Sendable, Hashable {
    /// What the field holds.
    public enum Value: Sendable, Hashable {
      /// Text.
      case string(String)
      /// A number.
      case number(Double)
    }

    /// The namespace, such as `envoy.lb`.
    public var namespace: String
    /// The struct within the namespace that holds the field; nil for the namespace itself.
    public var parent: String?
    /// The key within the namespace or the struct.
    public var key: String
    /// The value.
    public var value: Value

    /// Creates a field.
    public init(namespace: String, parent: String? = nil, key: String, value: Value) {
      self.namespace = namespace
      self.parent = parent
      self.key = key
      self.value = value
    }
  }

  /// Body and header modes for the rest of the stream; the request body stays buffered.
  public enum ModeOverride: Sendable, Hashable {
    /// Nothing of the response is sent any more, neither headers nor body nor trailers.
    case hideResponse
  }

  /// What is being answered.
  public var kind: Kind
  /// Headers to set, replacing those of the same name. No name holds a NUL.
  public var headers: [(name: String, value: String)] = []
  /// Headers to remove; no name holds a NUL.
  public var removedHeaders: [String] = []
  /// Dynamic metadata; fields of one namespace follow each other, and so do those of one parent.
  public var metadata: [MetadataField] = []
  /// Whether the proxy looks for the route again.
  public var clearsRouteCache = false
  /// Changes what the proxy sends from here on; it must allow that. Only in an answer to request headers.
  public var modeOverride: ModeOverride?
  /// The body that replaces the old one, or the body of an immediate answer.
  public var body: [UInt8]?

  /// Creates an answer that changes nothing.
  public init(_ kind: Kind) {
    self.kind = kind
  }

  /// The bytes of the `ProcessingResponse`.
  public func packed() -> [UInt8] {
    let arena = Arena()
    // The C structures borrow; everything they refer to is copied into the arena first.
    let headers = self.headers.map { header in
      let value = arena.copy(header.value)
      return epp_header(name: arena.copyTerminated(header.name), value: value.baseAddress, value_length: value.count)
    }
    let removed = removedHeaders.map { arena.copyTerminated($0) }
    let metadata = self.metadata.map { field in
      let (string, number): (UnsafePointer<CChar>?, Double) =
        switch field.value {
        case .string(let text): (arena.copyTerminated(text), 0)
        case .number(let number): (nil, number)
        }
      return epp_metadata_field(
        name_space: arena.copyTerminated(field.namespace), parent: field.parent.map { arena.copyTerminated($0) },
        key: arena.copyTerminated(field.key), string: string, number: number)
    }
    return removed.withUnsafeBufferPointer { removed in
      packed(headers, removed, metadata, arena)
    }
  }

  private func packed(
    _ headers: [epp_header], _ removed: UnsafeBufferPointer<UnsafePointer<CChar>>, _ metadata: [epp_metadata_field],
    _ arena: Arena
  ) -> [UInt8] {
    (body ?? []).withUnsafeBufferPointer { body in
      headers.withUnsafeBufferPointer { headers in
        metadata.withUnsafeBufferPointer { metadata in
          var answer = epp_answer()
          answer.headers = headers.baseAddress
          answer.header_count = headers.count
          answer.removed_headers = removed.baseAddress
          answer.removed_header_count = removed.count
          answer.metadata = metadata.baseAddress
          answer.metadata_count = metadata.count
          answer.clear_route_cache = clearsRouteCache
          answer.has_body = self.body != nil
          answer.body = body.baseAddress
          answer.body_length = body.count
          switch kind {
          case .headers(.request): answer.kind = EPP_ANSWER_REQUEST_HEADERS
          case .headers(.response): answer.kind = EPP_ANSWER_RESPONSE_HEADERS
          case .body(.request): answer.kind = EPP_ANSWER_REQUEST_BODY
          case .body(.response): answer.kind = EPP_ANSWER_RESPONSE_BODY
          case .trailers(.request): answer.kind = EPP_ANSWER_REQUEST_TRAILERS
          case .trailers(.response): answer.kind = EPP_ANSWER_RESPONSE_TRAILERS
          case .immediate(let status):
            answer.kind = EPP_ANSWER_IMMEDIATE
            answer.status = UInt32(clamping: status)
          case .metadata: answer.kind = EPP_ANSWER_METADATA
          }
          guard modeOverride == .hideResponse else { return arena.pack(&answer) }
          var override = Self.hiddenResponse
          return withUnsafePointer(to: &override) { pointer in
            answer.mode_override = pointer
            return arena.pack(&answer)
          }
        }
      }
    }
  }

  /// Numbers of `ProcessingMode`: 2 is SKIP for headers and trailers and BUFFERED for bodies, 0 is NONE for bodies.
  private static let hiddenResponse = epp_mode_override(
    request_body_mode: 2, response_header_mode: 2, response_body_mode: 0, request_trailer_mode: 2,
    response_trailer_mode: 2)
}
