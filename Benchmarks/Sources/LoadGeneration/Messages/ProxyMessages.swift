/// The messages a proxy in full-duplex mode sends, `envoy.service.ext_proc.v3.ProcessingRequest`, each with the five
/// bytes gRPC puts before it.
enum ProxyMessages {
  /// Request headers with a request id that is stored into them anew for each stream.
  struct RequestHeaders {
    let bytes: [UInt8]
    /// Where the 36 characters of the request id are.
    let requestIDOffset: Int
  }

  /// The headers that Envoy sends for a chat request of a common HTTP client.
  static func requestHeaders(path: String, contentLength: Int, requestID: String) -> RequestHeaders {
    let headers: [(String, String)] = [
      (":authority", "inference.example.com"), (":path", path), (":method", "POST"), (":scheme", "https"),
      ("accept", "application/json"), ("accept-encoding", "gzip, deflate"), ("content-type", "application/json"),
      ("content-length", "\(contentLength)"), ("user-agent", "OpenAI/Python 1.99.9"),
      ("authorization", "Bearer sk-0123456789abcdef0123456789abcdef"), ("x-stainless-lang", "python"),
      ("x-stainless-os", "Linux"), ("x-stainless-runtime", "CPython"), ("x-forwarded-for", "10.244.1.17"),
      ("x-forwarded-proto", "https"), ("x-envoy-external-address", "10.244.1.17"),
      ("x-envoy-expected-rq-timeout-ms", "300000"), ("x-request-id", requestID),
    ]
    var message = WireWriter()
    message.message(2) { request in
      request.message(1) { map in append(headers, to: &map) }
    }
    // protocol_config: full duplex both ways.
    message.message(11) { config in
      config.varint(1, 4)
      config.varint(2, 4)
    }
    let bytes = framed(message.bytes)
    let id = Array(requestID.utf8)
    let offset = bytes.indices.last { bytes[$0...].starts(with: id) } ?? 0
    return RequestHeaders(bytes: bytes, requestIDOffset: offset)
  }

  static func responseHeaders(contentType: String) -> [UInt8] {
    let headers: [(String, String)] = [
      (":status", "200"), ("date", "Mon, 01 Jan 2024 00:00:00 GMT"), ("server", "uvicorn"),
      ("content-type", contentType), ("x-envoy-upstream-service-time", "12"),
    ]
    var message = WireWriter()
    message.message(3) { response in
      response.message(1) { map in append(headers, to: &map) }
    }
    return framed(message.bytes)
  }

  /// What comes before the bytes of a piece of the request body.
  static func requestBodyHead(count: Int, endOfStream: Bool) -> [UInt8] { bodyHead(4, count, endOfStream) }

  /// What comes before the bytes of a piece of the response body.
  static func responseBodyHead(count: Int, endOfStream: Bool) -> [UInt8] { bodyHead(5, count, endOfStream) }

  /// What comes after the bytes of the last piece of a body.
  static let endOfStreamTail: StaticString = "\u{10}\u{01}"

  private static func bodyHead(_ tag: Int, _ count: Int, _ endOfStream: Bool) -> [UInt8] {
    var inner = WireWriter()
    if count > 0 { inner.head(1, count: count) }
    let innerCount = inner.bytes.count + count + (endOfStream ? 2 : 0)
    var message = WireWriter()
    message.head(tag, count: innerCount)
    return prefix(message.bytes.count + innerCount) + message.bytes + inner.bytes
  }

  private static func append(_ headers: [(String, String)], to map: inout WireWriter) {
    for (name, value) in headers {
      map.message(1) { header in
        header.field(1, name)
        header.field(3, value)
      }
    }
  }

  private static func framed(_ message: [UInt8]) -> [UInt8] { prefix(message.count) + message }

  private static func prefix(_ count: Int) -> [UInt8] {
    [0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
  }
}
