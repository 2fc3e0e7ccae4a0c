/// What a filter sends to the picker, `envoy.extensions.filters.http.ext_proc.v3.ProcessingMode`.
public struct ProcessingModes: Sendable, Hashable {
  /// How a body is sent.
  public enum Body: String, Sendable, Hashable, CaseIterable {
    case none = "NONE"
    case streamed = "STREAMED"
    case buffered = "BUFFERED"
    case bufferedPartial = "BUFFERED_PARTIAL"
    case fullDuplexStreamed = "FULL_DUPLEX_STREAMED"
  }

  /// Whether the headers are sent.
  public var requestHeaders = true
  /// How the request body is sent.
  public var requestBody = Body.none
  /// Whether the trailers are sent.
  public var requestTrailers = false
  /// Whether the headers are sent.
  public var responseHeaders = true
  /// How the response body is sent.
  public var responseBody = Body.none
  /// Whether the trailers are sent.
  public var responseTrailers = false

  /// Envoy's defaults: headers only.
  public init() {}

  init(_ value: EnvoyValue) {
    requestHeaders = Self.isSent(value["request_header_mode"], default: true)
    responseHeaders = Self.isSent(value["response_header_mode"], default: true)
    requestTrailers = Self.isSent(value["request_trailer_mode"], default: false)
    responseTrailers = Self.isSent(value["response_trailer_mode"], default: false)
    requestBody = Self.body(value["request_body_mode"])
    responseBody = Self.body(value["response_body_mode"])
  }

  private static func isSent(_ value: EnvoyValue, default fallback: Bool) -> Bool {
    switch value {
    case .string("SEND"), .number(1): true
    case .string("SKIP"), .number(2): false
    default: fallback
    }
  }

  private static func body(_ value: EnvoyValue) -> Body {
    if case .number(let number) = value, let index = Int(exactly: number), Body.allCases.indices.contains(index) {
      return Body.allCases[index]
    }
    return value.text.flatMap(Body.init(rawValue:)) ?? .none
  }
}
