import HTTP2

/// The header blocks of gRPC answers and comparisons of header bytes.
enum GRPCHeaders {
  static let response = HeaderBlock([(":status", "200"), ("content-type", "application/grpc")])
  static let unsupportedMediaType = HeaderBlock([(":status", "415")])
  static let methodNotAllowed = HeaderBlock([(":status", "405"), ("allow", "POST")])
  private static let okTrailers = HeaderBlock([("grpc-status", "0")])

  static func trailers(_ status: GRPCStatus) -> HeaderBlock {
    status == .ok ? okTrailers : HeaderBlock(fields(status))
  }

  static func trailersOnly(_ status: GRPCStatus) -> HeaderBlock {
    HeaderBlock([(":status", "200"), ("content-type", "application/grpc")] + fields(status))
  }

  private static func fields(_ status: GRPCStatus) -> [(name: String, value: String)] {
    let code = (name: "grpc-status", value: "\(status.code.rawValue)")
    return status.message.isEmpty ? [code] : [code, (name: "grpc-message", value: status.encodedMessage)]
  }

  @inline(__always)
  static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    bytes.count == text.utf8CodeUnitCount && hasPrefix(bytes, text)
  }

  @inline(__always)
  static func hasPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount where bytes[index] != text.utf8Start[index] { return false }
    return true
  }
}
