import InferenceAPI

/// Runs `body` with the bytes of `text` in memory that has the padding parsers ask for, filled with bytes that would
/// break a parser that took them for the document's.
@discardableResult
func withPadded<Result, Failure: Error>(
  _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
  let padding = RequestParsingContext.bodyPadding
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + padding, alignment: 1)
  defer { memory.deallocate() }
  memory.copyBytes(from: bytes)
  for index in bytes.count..<memory.count { memory[index] = UInt8(ascii: "\"") }
  return try body(UnsafeRawBufferPointer(rebasing: memory[..<bytes.count]))
}

/// What a parser made of a request, copied out of its views.
struct ParsedRequest: Equatable {
  var api: InferenceRequest.API
  var model: String?
  var isStreaming = false
  var maxOutputTokens: Int?
  var cacheSalt: String?
  var prompts: [[UInt8]] = []
  var isTokenized = false

  init(_ request: InferenceRequest) {
    func text(_ bytes: UnsafeRawBufferPointer?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    api = request.api
    model = text(request.model)
    isStreaming = request.isStreaming
    maxOutputTokens = request.maxOutputTokens
    cacheSalt = text(request.cacheSalt)
    isTokenized = request.isTokenized
    prompts = (0..<request.prompts.count).map { request.prompts[$0].flatMap { Array($0) } }
  }

  var promptTexts: [String] { prompts.map { String(decoding: $0, as: UTF8.self) } }
}

func parse(
  _ body: String, path: String = "/v1/chat/completions", context: RequestParsingContext = RequestParsingContext(),
  parser: some RequestParser = OpenAIParser()
) throws(RequestError) -> ParsedRequest {
  try parse(Array(body.utf8), path: path, context: context, parser: parser)
}

func parse(
  _ body: [UInt8], path: String = "/v1/chat/completions", context: RequestParsingContext = RequestParsingContext(),
  parser: some RequestParser = OpenAIParser()
) throws(RequestError) -> ParsedRequest {
  try withPadded(body) { body throws(RequestError) in
    try withPadded(Array(path.utf8)) { path throws(RequestError) in
      ParsedRequest(try parser.parse(body: body, path: path, context: context))
    }
  }
}

/// The message of the 400 that a body gets, or nil if it is accepted.
func refusal(_ body: String, path: String = "/v1/chat/completions") -> String? {
  refusal(Array(body.utf8), path: path)
}

func refusal(_ body: [UInt8], path: String = "/v1/chat/completions") -> String? {
  do {
    _ = try parse(body, path: path)
    return nil
  } catch {
    return error.code == .badRequest ? error.message : "\(error.code)"
  }
}
