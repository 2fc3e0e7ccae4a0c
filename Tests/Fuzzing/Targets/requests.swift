import InferenceAPI

/// Whatever a client sends as a body is refused or read, within its bytes, to a request that adds up. The first byte
/// names the parser and the path.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(start, count)
  let (parser, path) = input.choose(parsers)
  // Exactly what a parser may read: the body and its padding, whose value is not to matter.
  let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: input.rest.count + RequestParsingContext.bodyPadding, alignment: 1)
  defer { memory.deallocate() }
  let body = UnsafeRawBufferPointer(rebasing: memory[..<input.rest.count])
  let context = RequestParsingContext(maximumBodyBytes: 1 << 20)
  path.withUnsafeBytes { path in
    memory.copyMemory(from: input.rest)
    memory[body.count...].initializeMemory(as: UInt8.self, repeating: 0)
    let first = Reading(parser, body, path, context)
    memory[body.count...].initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "\""))
    let second = Reading(parser, body, path, context)
    precondition(first == second, "what follows the body matters, or what was read before")
    precondition(body.elementsEqual(input.rest), "the body was changed")
    if let model = try? parser.parseModel(body: body, path: path, context: context), first.isAccepted {
      precondition(model.isStreaming == first.isStreaming, "the short way sees another stream")
      precondition(model.model.map { Array($0) } == first.model, "the short way sees another model")
    }
  }
  return 0
}

private let parsers: [(parser: any RequestParser, path: [UInt8])] = {
  let all: [any RequestParser] = [
    OpenAIParser(), AnthropicParser(), VLLMHTTPParser(), VLLMGRPCParser(), SGLangHTTPParser(),
  ]
  return all.flatMap { parser in parser.pathSuffixes.map { (parser, Array("/v1\($0)".utf8)) } }
}()

private struct Reading: Equatable {
  var error: RequestError?
  var model: [UInt8]?
  var salt: [UInt8]?
  var isStreaming = false
  var prompts: [[UInt8]] = []
  var counts: [Int] = []

  var isAccepted: Bool { error == nil }

  init(
    _ parser: any RequestParser, _ body: UnsafeRawBufferPointer, _ path: UnsafeRawBufferPointer,
    _ context: RequestParsingContext
  ) {
    do throws(RequestError) {
      let request = try parser.parse(body: body, path: path, context: context)
      model = request.model.map { Array($0) }
      salt = request.cacheSalt.map { Array($0) }
      isStreaming = request.isStreaming
      for index in 0..<request.prompts.count { prompts.append(request.prompts[index].flatMap { Array($0) }) }
      counts = [request.mediaItems, request.promptByteCount, request.promptTokenCount, request.maxOutputTokens ?? 1]
      check(request)
    } catch {
      self.error = error
    }
  }

  private func check(_ request: InferenceRequest) {
    precondition(request.prompts.segments.allSatisfy { !$0.isEmpty }, "an empty segment")
    precondition(prompts.reduce(0) { $0 + $1.count } == request.promptByteCount, "bytes do not add up")
    precondition(prompts.reduce(0) { $0 + ($1.count + 3) / 4 } == request.promptTokenCount, "tokens do not add up")
    precondition(request.mediaItems >= 0 && request.maxOutputTokens ?? 1 >= 1 && salt?.isEmpty != true)
    precondition(!request.isTokenized || prompts.allSatisfy { $0.count % 4 == 0 }, "half a token")
  }
}
