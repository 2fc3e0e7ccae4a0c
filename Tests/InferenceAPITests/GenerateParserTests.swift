import InferenceAPI
import Testing

/// The native HTTP APIs of vLLM and SGLang.
@Suite struct GenerateParserTests {
  private func vllm(_ body: String) throws(RequestError) -> ParsedRequest {
    try parse(body, path: "/inference/v1/generate", parser: VLLMHTTPParser())
  }

  private func sglang(_ body: String) throws(RequestError) -> ParsedRequest {
    try parse(body, path: "/generate", parser: SGLangHTTPParser())
  }

  private func message(_ parse: () throws(RequestError) -> ParsedRequest) -> String? {
    do {
      _ = try parse()
      return nil
    } catch {
      return error.message
    }
  }

  // MARK: vLLM

  @Test func vllmTakesTokenIDs() throws {
    let request = try vllm(
      #"{"token_ids":[1,2,3],"sampling_params":{"max_tokens":9,"n":2},"stream":true,"cache_salt":"s","model":"m"}"#)
    #expect(request.api == .vllmGenerate)
    #expect(request.prompts == [words([1, 2, 3])])
    #expect(request.isTokenized)
    #expect(request.maxOutputTokens == 9)
    #expect(request.isStreaming)
    #expect(request.cacheSalt == "s")
    #expect(request.model == "m")
    let least = try vllm(#"{"token_ids":[7],"sampling_params":null,"features":null}"#)
    #expect(least.model == nil)
    #expect(least.maxOutputTokens == nil)
  }

  private static let wrongVLLMBodies: [(String, String)] = [
    ("{}", "invalid generate request: must have non-empty token_ids field"),
    (#"{"token_ids":null}"#, "invalid generate request: must have non-empty token_ids field"),
    (#"{"token_ids":[]}"#, "invalid generate request: must have non-empty token_ids field"),
    (#"{"token_ids":"x"}"#, "invalid generate request: token_ids must be an array of unsigned 32-bit integers"),
    (#"{"token_ids":[1,-1]}"#, "invalid generate request: token_ids must be an array of unsigned 32-bit integers"),
    (#"{"token_ids":[1],"sampling_params":[]}"#, "invalid generate request: sampling_params must be an object"),
    (#"{"token_ids":[1],"features":[]}"#, "invalid generate request: features must be an object"),
    (#"{"token_ids":[1],"cache_salt":2}"#, "invalid generate request: cache_salt must be a string"),
    (#"{"token_ids":[1],"model":2}"#, "model not found in request body"),
    ("[1]", "error unmarshaling request bodyMap: the body must be a JSON object"),
  ]

  @Test(arguments: wrongVLLMBodies)
  func vllmRefuses(body: String, expected: String) {
    #expect(message { () throws(RequestError) in try vllm(body) } == expected)
  }

  @Test func placeholdersCountAsTheContentTheyStandFor() throws {
    func prompt(_ features: String) throws -> [UInt8] {
      try vllm(#"{"token_ids":[5,9,9,6,9,9],"features":\#(features)}"#).prompts[0]
    }
    func image(_ first: String, _ second: String) -> String {
      let ranges = #"[{"offset":1,"length":2},{"offset":4,"length":2}]"#
      return #"{"mm_hashes":{"image":["\#(first)","\#(second)"]},"mm_placeholders":{"image":\#(ranges)}}"#
    }
    let plain = try prompt("{}")
    let first = try prompt(image("a", "b"))
    #expect(first.count == plain.count)
    #expect(Array(first[0..<4]) == words([5]))
    #expect(Array(first[12..<16]) == words([6]))
    #expect(first[4..<8].elementsEqual(first[8..<12]))
    #expect(!first[4..<12].elementsEqual(plain[4..<12]))
    #expect(!first[4..<8].elementsEqual(first[16..<20]))
    let second = try prompt(image("a", "c"))
    #expect(second[..<16].elementsEqual(first[..<16]))
    #expect(!second[16...].elementsEqual(first[16...]))
  }

  @Test(arguments: [
    #"{"mm_hashes":{"image":["a"]}}"#,
    #"{"mm_placeholders":{"image":[{"offset":0,"length":2}]}}"#,
    #"{"mm_hashes":{"image":[]},"mm_placeholders":{"image":[{"offset":0,"length":2}]}}"#,
    #"{"mm_hashes":{"audio":["a"]},"mm_placeholders":{"image":[{"offset":0,"length":2}]}}"#,
    #"{"mm_hashes":{"image":["a"]},"mm_placeholders":{"image":[{"offset":2,"length":2}]}}"#,
    #"{"mm_hashes":{"image":["a"]},"mm_placeholders":{"image":[{"offset":-1,"length":2}]}}"#,
    #"{"mm_hashes":{"image":["a"]},"mm_placeholders":{"image":[{"offset":0,"length":-9223372036854775808}]}}"#,
    #"{"mm_hashes":{"image":["a"]},"mm_placeholders":{"image":[{"offset":0,"length":0}]}}"#,
    #"{"mm_hashes":{"image":[1]},"mm_placeholders":{"image":[{"offset":0,"length":2}]}}"#,
    #"{"mm_hashes":[],"mm_placeholders":[]}"#,
  ])
  func featuresThatDoNotFitAreLeftAlone(features: String) throws {
    #expect(try vllm(#"{"token_ids":[1,2],"features":\#(features)}"#).prompts == [words([1, 2])])
  }

  @Test func overlappingPlaceholdersCostNoMoreThanThePrompt() throws {
    let count = 20_000
    let ids = Array(repeating: "7", count: count).joined(separator: ",")
    let hashes = Array(repeating: "\"h\"", count: count).joined(separator: ",")
    let ranges = Array(repeating: "{\"offset\":0,\"length\":\(Int.max)}", count: count).joined(separator: ",")
    let request = try vllm(
      #"{"token_ids":[\#(ids)],"features":{"mm_hashes":{"image":[\#(hashes)]},"mm_placeholders":{"image":[\#(ranges)]}}}"#
    )
    #expect(request.prompts[0].count == 4 * count)
  }

  // MARK: SGLang

  @Test func sglangTakesTokenIDsOrText() throws {
    let ids = try sglang(
      #"{"input_ids":[1,2],"text":"no","extra_key":"k","stream":true,"sampling_params":{"max_new_tokens":4}}"#)
    #expect(ids.api == .sglangGenerate)
    #expect(ids.prompts == [words([1, 2])])
    #expect(ids.isTokenized)
    #expect(ids.cacheSalt == "k")
    #expect(ids.isStreaming)
    #expect(ids.maxOutputTokens == 4)
    #expect(ids.model == nil)
    #expect(try sglang(#"{"input_ids":[[1],[2]]}"#).prompts == [words([1]), words([2])])
    let text = try sglang(#"{"text":"hello","input_ids":null,"extra_key":null,"sampling_params":[{}]}"#)
    #expect(text.promptTexts == ["hello"])
    #expect(!text.isTokenized)
    #expect(text.cacheSalt == nil)
    #expect(text.maxOutputTokens == nil)
    #expect(try sglang(#"{"text":["a","b"]}"#).promptTexts == ["a", "b"])
  }

  private static let wrongSGLangBodies: [(String, String)] = [
    ("{}", "invalid generate request: input_ids or text must be provided"),
    (#"{"input_ids":[]}"#, "invalid generate request: input_ids cannot be empty"),
    (#"{"input_ids":1}"#, "invalid generate request: input_ids must be an array of uint32 integers"),
    (#"{"input_ids":["a"]}"#, "invalid generate request: input_ids must be an array of uint32 integers"),
    (#"{"input_ids":[[1],2]}"#, "invalid generate request: input_ids must be an array of uint32 integers"),
    (#"{"text":1}"#, "invalid generate request: text must be a string or a non-empty array of strings"),
    (#"{"text":[]}"#, "invalid generate request: text must be a string or a non-empty array of strings"),
    (#"{"text":["a",1]}"#, "invalid generate request: text must be a string or a non-empty array of strings"),
    (#"{"text":"a","extra_key":["x"]}"#, "unsupported generate request: extra_key must be a string"),
  ]

  @Test(arguments: wrongSGLangBodies)
  func sglangRefuses(body: String, expected: String) {
    #expect(message { () throws(RequestError) in try sglang(body) } == expected)
  }

  @Test func otherPathsAreRefused() {
    #expect(throws: RequestError.bad("unsupported path: /v1/completions")) {
      try parse("{}", path: "/v1/completions", parser: VLLMHTTPParser())
    }
    #expect(throws: RequestError.bad("unsupported path: /v1/completions")) {
      try parse("{}", path: "/v1/completions", parser: SGLangHTTPParser())
    }
  }
}
