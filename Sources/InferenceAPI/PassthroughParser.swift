/// `passthrough-parser`: takes any body without looking at it. No model, no prompt, no prefix cache.
public struct PassthroughParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "passthrough-parser"

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] { [] }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    context.reset()
    return InferenceRequest(api: .passthrough, context: context)
  }
}
