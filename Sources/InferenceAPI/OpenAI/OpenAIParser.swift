/// `openai-parser`: the OpenAI-compatible APIs. Which one is told by the end of the path; a path it doesn't know is
/// read as completions.
public struct OpenAIParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "openai-parser"

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] {
    [
      "/chat/completions", "/chat/completions/render", "/completions", "/completions/render", "/responses",
      "/conversations", "/embeddings", "/images/generations",
    ]
  }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    switch Self.api(of: RequestPath.normalize(path)) {
    case .chatCompletions: try ChatCompletions.parse(body: body, context: context)
    case .responses: try Responses.parse(body: body, context: context)
    case .conversations: try Conversations.parse(body: body, context: context)
    case .embeddings: try Embeddings.parse(body: body, context: context)
    case .imageGenerations: try ImageGenerations.parse(body: body, context: context)
    default: try Completions.parse(body: body, context: context)
    }
  }

  /// See `RequestParser`.
  public func parseModel(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    try ModelOnlyReader.read(Self.api(of: RequestPath.normalize(path)), body: body, context: context)
  }

  private static func api(of path: UnsafeRawBufferPointer) -> InferenceRequest.API {
    if RequestPath.hasSuffix(path, "/chat/completions") || RequestPath.hasSuffix(path, "/chat/completions/render") {
      return .chatCompletions
    }
    if RequestPath.hasSuffix(path, "/responses") { return .responses }
    if RequestPath.hasSuffix(path, "/conversations") { return .conversations }
    if RequestPath.hasSuffix(path, "/embeddings") { return .embeddings }
    if RequestPath.hasSuffix(path, "/images/generations") { return .imageGenerations }
    return .completions
  }
}
