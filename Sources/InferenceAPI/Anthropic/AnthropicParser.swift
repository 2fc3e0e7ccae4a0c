/// `anthropic-parser`: the Anthropic Messages API. Requests to count tokens are passed through.
public struct AnthropicParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "anthropic-parser"

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] { ["/v1/messages", "/v1/messages/count_tokens"] }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    let normalized = RequestPath.normalize(path)
    if RequestPath.hasSuffix(normalized, "/messages") { return try Messages.parse(body: body, context: context) }
    guard RequestPath.hasSuffix(normalized, "/messages/count_tokens") else {
      let text = String(decoding: path, as: UTF8.self)
      throw RequestError(code: .badRequest, message: "unsupported API endpoint: " + text)
    }
    context.reset()
    return InferenceRequest(api: .passthrough, context: context)
  }

  /// See `RequestParser`.
  public func parseModel(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard RequestPath.hasSuffix(RequestPath.normalize(path), "/messages") else {
      return try parse(body: body, path: path, context: context)
    }
    return try ModelOnlyReader.read(.messages, body: body, context: context)
  }
}
