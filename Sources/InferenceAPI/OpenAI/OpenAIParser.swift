/// `openai-parser`: the OpenAI-compatible APIs. Which one is told by the end of the path; a path it doesn't know is
/// read as completions.
public struct OpenAIParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "openai-parser"

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] {
    ["/chat/completions", "/chat/completions/render", "/completions", "/completions/render"]
  }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    let path = RequestPath.normalize(path)
    if RequestPath.hasSuffix(path, "/chat/completions") || RequestPath.hasSuffix(path, "/chat/completions/render") {
      return try ChatCompletions.parse(body: body, context: context)
    }
    return try Completions.parse(body: body, context: context)
  }
}
