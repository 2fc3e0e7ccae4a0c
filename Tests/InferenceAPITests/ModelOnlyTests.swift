import InferenceAPI
import Testing

/// Requests read no further than their model, because nobody looks at prompts.
@Suite struct ModelOnlyTests {
  private let registry = RequestParserRegistry(
    [OpenAIParser(), AnthropicParser(), VLLMHTTPParser(), PassthroughParser()], readsPrompts: false)

  private func parse(
    _ body: String, _ path: String = "/v1/chat/completions", context: RequestParsingContext = RequestParsingContext()
  ) throws(RequestError) -> ParsedRequest {
    try withPadded(Array(body.utf8)) { body throws(RequestError) in
      try withPadded(Array(path.utf8)) { path throws(RequestError) in
        ParsedRequest(try registry.parse(body: body, path: path, context: context))
      }
    }
  }

  private func refusal(_ body: String, _ path: String = "/v1/chat/completions") -> String? {
    do {
      _ = try parse(body, path)
      return nil
    } catch {
      return error.message
    }
  }

  @Test(arguments: [
    (#"{"model":"llama","messages":[{"role":"user","content":"hi"}]}"#, "llama", false),
    (#"{"stream":true,"messages":[{"model":"no","stream":false}],"model":"a \"b\" é 😀"}"#, "a \"b\" é 😀", true),
    (#" {"stream" : false , "model" : "\u0061\n"} "#, "a\n", false),
    (#"{"model":"first","model":"last","stream":null}"#, "last", false),
    (#"{"model":""}"#, "", false),
  ])
  func modelAndStreamAreRead(body: String, model: String, isStreaming: Bool) throws {
    let request = try parse(body)
    #expect(request.model == model)
    #expect(request.isStreaming == isStreaming)
    #expect(request.api == .chatCompletions)
    #expect(request.prompts.isEmpty)
  }

  @Test func everyAPIIsTold() throws {
    #expect(try parse(#"{"model":"m"}"#, "/v1/completions").api == .completions)
    #expect(try parse(#"{"model":"m"}"#, "/v1/responses?x").api == .responses)
    #expect(try parse(#"{"model":"m"}"#, "/v1/messages").api == .messages)
    #expect(try parse(#"{"model":"m"}"#, "/inference/v1/generate").api == .vllmGenerate)
    #expect(try parse(#"{"token_ids":[]}"#, "/inference/v1/generate").model == nil)
    #expect(try parse(#"{"model":null}"#, "/inference/v1/generate").model == nil)
    #expect(try parse("no JSON", "/v1/messages/count_tokens").api == .passthrough)
    #expect(try parse("no JSON", "/somewhere").api == .passthrough)
  }

  @Test(arguments: [
    "{}", #"{"model":1}"#, #"{"model":null}"#, #"{"model":"a\q"}"#, #"{"model":"#, #"{"model":"a"#,
    #"{"x":{"model":"a"}}"#,
  ])
  func modelMustBeAText(body: String) {
    #expect(refusal(body) == "model not found in request body")
  }

  @Test(arguments: ["", "  ", "[]", "\"model\"", "null"])
  func bodyMustBeAnObject(body: String) {
    #expect(refusal(body)?.hasPrefix("error unmarshaling request bodyMap: ") == true)
  }

  /// Whatever is said besides the model is the server's to judge.
  @Test func promptsAreNotLookedAt() throws {
    #expect(try parse(#"{"model":"m","messages":17}"#).model == "m")
    #expect(try parse(#"{"model":"m"}"#, "/v1/completions").model == "m")
  }

  @Test func agreesWithTheFullReaderOnWhatBothRead() throws {
    let context = RequestParsingContext()
    var random = SeededGenerator(state: 3)
    for _ in 0..<500 {
      let letters = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
        "ab \u{e9}\u{1F600}z".randomElement(using: &random)
      }
      let name = String(letters)
      let escaped = name.replacing("z", with: #"\u007a"#)
      let stream = Bool.random(using: &random)
      let members = [
        #""model":"\#(escaped)""#, #""stream":\#(stream)"#, #""messages":[{"role":"user","content":"x { \" ] model"}]"#,
        #""metadata":{"model":"x","stream":[{}]}"#,
      ].shuffled(using: &random)
      let body = "{" + members.joined(separator: ", ") + "}"
      let brief = try parse(body, context: context)
      let full = try InferenceAPITests.parse(body, context: context)
      #expect(brief.model == full.model)
      #expect(brief.isStreaming == full.isStreaming)
    }
  }
}
