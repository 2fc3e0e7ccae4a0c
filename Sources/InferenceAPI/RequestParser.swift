/// Reads the bodies of one family of inference APIs.
///
/// Called on event loops, many at once, so a parser holds no state of a request; memory comes from the context.
public protocol RequestParser: Sendable {
  /// The type name it is configured by, such as `openai-parser`.
  var name: String { get }

  /// Ends of the paths it claims, each beginning with a slash, without query or trailing slash. A parser that claims
  /// none takes what no other parser claims.
  var pathSuffixes: [String] { get }

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - body: The whole body, behind which `RequestParsingContext.bodyPadding` further bytes are readable. It isn't
  ///     changed, and the result doesn't refer to it.
  ///   - path: The request's path (see `RequestPath.resolve`), with or without a query.
  ///   - context: The event loop's context; the result's views end with its next use.
  /// - Throws: `RequestError` naming the field that is wrong.
  func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest

  /// Reads a request no further than its model and whether it asks for a stream, for pools in which nobody looks at
  /// prompts; the result has none. Parameters and errors as for ``parse(body:path:context:)``.
  func parseModel(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest
}

extension RequestParser {
  /// Reads the whole request, for parsers that have no shorter way.
  public func parseModel(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    try parse(body: body, path: path, context: context)
  }
}
