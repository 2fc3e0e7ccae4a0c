/// Reads a JSON request no further than its scheduler needs when no plugin asks about prompts: the model and whether a
/// stream is wanted.
///
/// What else the body holds is stepped over and not checked; the model server will judge it.
enum ModelOnlyReader {
  /// Reads a request of an API.
  /// - Parameter requiresModel: whether a request without a model is an error.
  static func read(
    _ api: InferenceRequest.API, requiresModel: Bool = true, body: UnsafeRawBufferPointer,
    context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    context.reset()
    let start = JSONBytes.skipSpace(body, from: 0)
    guard start < body.count, body[start] == UInt8(ascii: "{") else { throw RequestParsingContext.notAnObject }
    var model: Range<Int>?
    var stream: Range<Int>?
    JSONMemberScanner.scan(body) { key, value in
      if JSONMemberScanner.key(key, spells: "model") { model = value }
      if JSONMemberScanner.key(key, spells: "stream") { stream = value }
    }
    let isStreaming = stream.map { UnsafeRawBufferPointer(rebasing: body[$0]).equals("true") } ?? false
    return InferenceRequest(
      api: api, model: try name(model, requiresModel, body, context), isStreaming: isStreaming, context: context)
  }

  private static func name(
    _ range: Range<Int>?, _ isRequired: Bool, _ body: UnsafeRawBufferPointer, _ context: RequestParsingContext
  ) throws(RequestError) -> UnsafeRawBufferPointer? {
    guard let range else {
      if isRequired { throw RequestFields.modelNotFound }
      return nil
    }
    let text = UnsafeRawBufferPointer(rebasing: body[range])
    if !isRequired, text.equals("null") { return nil }
    // A document of its own, for the parser to check and to take out of its quotes.
    let document = context.prompt.copy(text, padding: JSONParser.padding)
    guard text.first == JSONBytes.quote, let name = (try? context.json.parse(document))?.string else {
      throw RequestFields.modelNotFound
    }
    return name
  }
}
