/// `passthrough-parser`: takes any body without looking at it. No model, no prompt, no prefix cache.
public struct PassthroughParser: RequestParser {
  public static let typeName = "passthrough-parser"

  public var name: String { Self.typeName }
  public var pathSuffixes: [String] { [] }

  public init() {}

  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    context.reset()
    return InferenceRequest(
      api: .passthrough, model: nil, isStreaming: false, maxOutputTokens: nil, cacheSalt: nil,
      prompts: context.prompt.prompts, isTokenized: false, promptByteCount: 0, promptTokenCount: 0)
  }
}
