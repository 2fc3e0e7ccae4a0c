/// `vllmhttp-parser`: vLLM's `/inference/v1/generate`, which takes token ids and returns token ids.
///
/// Placeholder tokens of `features` count as the content they stand for. The server knows its model, so naming it is
/// optional.
public struct VLLMHTTPParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "vllmhttp-parser"

  private static let api: StaticString = "generate"
  /// Modalities of `features` that are looked at: each costs a search, and there are no more than a few.
  private static let maximumModalities = 8

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] { ["/inference/v1/generate"] }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard RequestPath.hasSuffix(RequestPath.normalize(path), "/inference/v1/generate") else {
      throw RequestPath.unsupported(path)
    }
    var fields = RequestFields()
    var tokenIDs: JSONValue?
    var samplingParameters: JSONValue?
    var features: JSONValue?
    for (key, value) in try context.parseObject(body) where !fields.take(key, value) {
      switch key {
      case "token_ids": tokenIDs = value
      case "sampling_params": samplingParameters = value
      case "features": features = value
      default: break
      }
    }
    try fields.validate(api: Self.api)
    try RequestFields.check(samplingParameters, is: .object, "sampling_params", "an object", Self.api)
    try RequestFields.check(features, is: .object, "features", "an object", Self.api)
    guard let tokenIDs, !tokenIDs.isNull, tokenIDs.elements?.isEmpty != true else {
      throw RequestFields.invalid(Self.api, "must have non-empty token_ids field")
    }
    guard tokenIDs.kind == .array, let words = context.prompt.appendTokenIDs(tokenIDs) else {
      throw RequestFields.invalid(Self.api, "token_ids must be an array of unsigned 32-bit integers")
    }
    if let features { Self.mark(features, in: words) }
    context.prompt.endPrompt()
    return InferenceRequest(
      api: .vllmGenerate, model: try fields.optionalModel(), isStreaming: fields.isStreaming,
      maxOutputTokens: RequestFields.limit(samplingParameters?.last("max_tokens")), cacheSalt: fields.salt,
      isTokenized: true, context: context)
  }

  /// See `RequestParser`.
  public func parseModel(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard RequestPath.hasSuffix(RequestPath.normalize(path), "/inference/v1/generate") else {
      throw RequestPath.unsupported(path)
    }
    return try ModelOnlyReader.read(.vllmGenerate, requiresModel: false, body: body, context: context)
  }

  /// Marks the placeholders of all media: `mm_placeholders` and `mm_hashes` hold a list of each for every modality.
  /// What has no counterpart or isn't of the right form is left alone; the server will judge it.
  private static func mark(_ features: JSONValue, in words: UnsafeMutableRawBufferPointer) {
    guard let modalities = features.last("mm_placeholders")?.members, let allHashes = features.last("mm_hashes") else {
      return
    }
    var placeholders = MediaPlaceholders(words: words)
    for (modality, ranges) in modalities.prefix(maximumModalities) {
      guard let ranges = ranges.elements, var hashes = allHashes.last(modality)?.elements else { continue }
      for range in ranges {
        guard let hash = hashes.next() else { break }
        guard let hash = hash.string, let offset = range.last("offset")?.integer,
          let length = range.last("length")?.integer
        else { continue }
        placeholders.mark(offset: offset, length: length, contentHash: hash)
      }
    }
  }
}
