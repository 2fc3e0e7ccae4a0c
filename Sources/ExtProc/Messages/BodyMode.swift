/// How the proxy sends bodies, `envoy.extensions.filters.http.ext_proc.v3.ProcessingMode.BodySendMode`.
public enum BodyMode: UInt32, Sendable, Hashable {
  /// Not at all.
  case none = 0
  /// Piece by piece, each answered on its own.
  case streamed = 1
  /// Whole, in one message.
  case buffered = 2
  /// Whole up to a limit of the proxy, in one message.
  case bufferedPartial = 3
  /// Piece by piece both ways, with answers independent of what was received.
  case fullDuplexStreamed = 4
}

/// The body modes of one stream, `envoy.service.ext_proc.v3.ProtocolConfiguration`.
public struct BodyModes: Sendable, Hashable {
  /// Mode of the request body; nil for a mode this program does not know.
  public var request: BodyMode?
  /// Mode of the response body; nil for a mode this program does not know.
  public var response: BodyMode?

  /// Creates a set of modes.
  public init(request: BodyMode?, response: BodyMode?) {
    self.request = request
    self.response = response
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(ProcessingMessageError) {
    var modes: (UInt64, UInt64) = (0, 0)
    var reader = WireReader(bytes)
    while let field = reader.next() {
      switch field.tag {
      case 1: modes.0 = field.varint
      case 2: modes.1 = field.varint
      default: break
      }
    }
    guard !reader.isMalformed else { throw .malformed("ProtocolConfiguration") }
    self.init(
      request: BodyMode(rawValue: UInt32(truncatingIfNeeded: modes.0)),
      response: BodyMode(rawValue: UInt32(truncatingIfNeeded: modes.1)))
  }
}
