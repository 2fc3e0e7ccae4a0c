import InferenceAPI
import Testing

@Suite struct CompletionsTests {
  private func completions(_ body: String) throws(RequestError) -> ParsedRequest {
    try parse(body, path: "/v1/completions")
  }

  @Test func readsAText() throws {
    let request = try completions(
      #"{"model":"m","prompt":"say \u00e9","stream":true,"max_tokens":16,"cache_salt":"s"}"#)
    #expect(request.api == .completions)
    #expect(request.model == "m")
    #expect(request.promptTexts == ["say é"])
    #expect(request.isStreaming)
    #expect(request.maxOutputTokens == 16)
    #expect(request.cacheSalt == "s")
    #expect(!request.isTokenized)
  }

  @Test func everyStringIsAPrompt() throws {
    #expect(try completions(#"{"model":"m","prompt":["one","","three"]}"#).promptTexts == ["one", "", "three"])
    #expect(try completions(#"{"model":"m","prompt":[""]}"#).promptTexts == [""])
  }

  @Test func tokenIDsAreLittleEndianWords() throws {
    let one = try completions(#"{"model":"m","prompt":[1, 258, 4294967295]}"#)
    #expect(one.isTokenized)
    #expect(one.prompts == [[1, 0, 0, 0, 2, 1, 0, 0, 255, 255, 255, 255]])
    let several = try completions(#"{"model":"m","prompt":[[7],[],[8, 9]]}"#)
    #expect(several.isTokenized)
    #expect(several.prompts == [[7, 0, 0, 0], [], [8, 0, 0, 0, 9, 0, 0, 0]])
  }

  @Test func manyTokenIDsStayInPlaceWhenMemoryGrows() throws {
    let ids = (0..<20_000).map { $0 * 3 }
    let body = "{\"model\":\"m\",\"prompt\":[\(Array(repeating: "\(ids)", count: 5).joined(separator: ","))]}"
    let request = try completions(body)
    let expected = ids.flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } }
    #expect(request.prompts == Array(repeating: expected, count: 5))
  }

  @Test func countsTokensPerPrompt() throws {
    try withPadded(Array(#"{"model":"m","prompt":["12345","","1234","1"]}"#.utf8)) { body in
      let path = RequestPath.resolve(path: nil, originalPath: nil, forwardedPath: nil)
      let request = try OpenAIParser().parse(body: body, path: path, context: RequestParsingContext())
      #expect(request.promptByteCount == 10)
      #expect(request.promptTokenCount == 2 + 0 + 1 + 1)
    }
  }

  @Test(arguments: [
    #"{"model":"m"}"#, #"{"model":"m","prompt":null}"#, #"{"model":"m","prompt":""}"#, #"{"model":"m","prompt":[]}"#,
    #"{}"#, #"{"messages":[]}"#,
  ])
  func needsAPrompt(body: String) {
    #expect(refusal(body, path: "/v1/completions") == "invalid completions request: must have prompt field")
  }

  @Test(arguments: [
    "1", "true", "{}", "[null]", #"["a",1]"#, #"[1,"a"]"#, "[-1]", "[4294967296]", "[1.5]", #"[["a"]]"#, "[[1],2]",
    "[1,[2]]", "[[[1]]]", "[[1],[-1]]",
  ])
  func namesAPromptOfTheWrongType(prompt: String) {
    #expect(
      refusal(#"{"model":"m","prompt":\#(prompt)}"#, path: "/v1/completions")
        == "invalid completions request: prompt must be a string, an array of strings, "
        + "an array of token ids or an array of token id arrays")
  }

  @Test func needsAModelThatIsAString() {
    for model in ["", #""model":null,"#, #""model":1,"#, #""model":"m","model":[],"#] {
      #expect(refusal("{\(model)\"prompt\":\"x\"}", path: "/v1/completions") == "model not found in request body")
    }
    #expect(refusal(#"{"model":1,"model":"m","prompt":"x"}"#, path: "/v1/completions") == nil)
  }

  @Test func optionalMembersAreLenientWhereTheReferenceIs() throws {
    let request = try completions(
      #"{"model":"m","prompt":"x","stream":"yes","max_tokens":-1,"cache_salt":null,"other":{"deep":[1]}}"#)
    #expect(!request.isStreaming)
    #expect(request.maxOutputTokens == nil)
    #expect(request.cacheSalt == nil)
    #expect(try completions(#"{"model":"m","prompt":"x","cache_salt":""}"#).cacheSalt == nil)
    #expect(
      try completions(#"{"model":"m","prompt":"x","max_tokens":5,"max_completion_tokens":7}"#).maxOutputTokens == 7)
    #expect(
      refusal(#"{"model":"m","prompt":"x","cache_salt":1}"#, path: "/v1/completions")
        == "invalid completions request: cache_salt must be a string")
  }

  @Test func theLastOfDuplicateMembersWins() throws {
    let request = try completions(
      #"{"model":"a","prompt":"x","stream":true,"model":"b","prompt":["y"],"stream":false}"#)
    #expect(request.model == "b")
    #expect(request.promptTexts == ["y"])
    #expect(!request.isStreaming)
  }

  @Test func refusesWhatIsNotAJSONObject() {
    let prefix = "error unmarshaling request bodyMap: "
    #expect(refusal("", path: "/v1/completions") == prefix + "unexpected end of JSON input")
    #expect(refusal("   ", path: "/v1/completions") == prefix + "unexpected end of JSON input")
    #expect(refusal("[]", path: "/v1/completions") == prefix + "the body must be a JSON object")
    #expect(refusal("hello", path: "/v1/completions")?.hasPrefix(prefix) == true)
    #expect(refusal(#"{"model":"m","prompt":"x"} x"#, path: "/v1/completions")?.hasPrefix(prefix) == true)
    #expect(refusal([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], path: "/v1/completions") == prefix + "invalid UTF-8")
  }

  @Test func errorsHaveTheProtocolsForm() {
    let error = RequestError(code: .badRequest, message: "model not found in request body")
    #expect(error.responseBody == "inference error: BadRequest - model not found in request body")
    #expect(error.code.httpStatus == 400)
  }
}
