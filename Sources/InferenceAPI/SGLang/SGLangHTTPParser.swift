/// `sglanghttp-parser`: SGLang's `/generate`, which takes token ids or text.
///
/// `extra_key` keeps cached prefixes apart and so is the cache salt. The API names no model.
public struct SGLangHTTPParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "sglanghttp-parser"

  private static let api: StaticString = "generate"

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] { ["/generate"] }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard RequestPath.hasSuffix(RequestPath.normalize(path), "/generate") else { throw RequestPath.unsupported(path) }
    var inputIDs: JSONValue?
    var text: JSONValue?
    var extraKey: JSONValue?
    var samplingParameters: JSONValue?
    var stream: JSONValue?
    for (key, value) in try context.parseObject(body) {
      switch key {
      case "input_ids": inputIDs = value
      case "text": text = value
      case "extra_key": extraKey = value
      case "sampling_params": samplingParameters = value
      case "stream": stream = value
      default: break
      }
    }
    if let extraKey, !extraKey.isNull, extraKey.kind != .string {
      throw RequestError(
        code: .badRequest, message: "unsupported generate request: extra_key must be a string")
    }
    let isTokenized = inputIDs.map { !$0.isNull } ?? false
    if isTokenized, let inputIDs {
      try Self.append(inputIDs: inputIDs, to: context.prompt)
    } else {
      try Self.append(text: text, to: context.prompt)
    }
    let salt = extraKey?.string
    return InferenceRequest(
      api: .sglangGenerate, isStreaming: stream?.bool ?? false,
      maxOutputTokens: RequestFields.limit(samplingParameters?.last("max_new_tokens")),
      cacheSalt: salt?.isEmpty == false ? salt : nil, isTokenized: isTokenized, context: context)
  }

  /// Appends one array of token ids, or one prompt for each of several.
  private static func append(inputIDs: JSONValue, to builder: PromptBuilder) throws(RequestError) {
    guard var elements = inputIDs.elements else { throw malformedIDs }
    guard let first = elements.next() else { throw RequestFields.invalid(api, "input_ids cannot be empty") }
    guard first.kind == .array else {
      guard builder.appendTokenIDs(inputIDs) != nil else { throw malformedIDs }
      return builder.endPrompt()
    }
    for element in JSONElements(array: inputIDs.raw) {
      guard element.kind == .array, builder.appendTokenIDs(element) != nil else { throw malformedIDs }
      builder.endPrompt()
    }
  }

  /// Appends one text, or one prompt for each of several.
  private static func append(text: JSONValue?, to builder: PromptBuilder) throws(RequestError) {
    guard let text, !text.isNull else { throw RequestFields.invalid(api, "input_ids or text must be provided") }
    if let bytes = text.string {
      builder.append(bytes)
      return builder.endPrompt()
    }
    guard let texts = text.elements, !texts.isEmpty else { throw malformedText }
    for element in texts {
      guard let bytes = element.string else { throw malformedText }
      builder.append(bytes)
      builder.endPrompt()
    }
  }

  private static var malformedIDs: RequestError {
    RequestFields.invalid(api, "input_ids must be an array of uint32 integers")
  }

  private static var malformedText: RequestError {
    RequestFields.invalid(api, "text must be a string or a non-empty array of strings")
  }
}
