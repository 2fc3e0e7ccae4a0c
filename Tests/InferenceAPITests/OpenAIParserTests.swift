import InferenceAPI
import Testing

/// The APIs besides completions and chat (Endpoint Picker protocol, request body).
@Suite struct OpenAIParserTests {
  private static let requests: [(String, String, InferenceRequest.API, [String])] = [
    ("/v1/responses", #"{"input":"hi"}"#, InferenceRequest.API.responses, ["hi"]),
    (
      "/v1/responses/", #"{"input":[ {"role" : "user","content":"x"} ]}"#, .responses,
      [#"[{"role":"user","content":"x"}]"#]
    ),
    (
      "/v1/responses?a=/v1/embeddings", #"{"input":"hi","tools":[{"type":"f"}],"instructions":"be brief "}"#,
      .responses,
      [#"be brief [{"type":"f"}]hi"#]
    ),
    ("/v1/responses", #"{"input":"","tools":[],"instructions":null}"#, .responses, [""]),
    (
      "/tenant/v1/conversations", #"{"items":[{"type":"message", "content":"x"}]}"#, .conversations,
      [#"[{"type":"message","content":"x"}]"#]
    ),
    ("/v1/embeddings", #"{"input":"text"}"#, .embeddings, ["text"]),
    ("/v1/embeddings", #"{"input":["one","two"]}"#, .embeddings, ["one", "two"]),
    ("/v1/images/generations", #"{"prompt":"a cat"}"#, .imageGenerations, ["a cat"]),
  ]

  @Test(arguments: requests)
  func readsThePrompt(path: String, body: String, api: InferenceRequest.API, prompts: [String]) throws {
    let request = try parse(#"{"model":"m","stream":true,"cache_salt":"s","# + body.dropFirst(), path: path)
    #expect(request.api == api)
    #expect(request.model == "m")
    #expect(request.isStreaming)
    #expect(request.cacheSalt == "s")
    #expect(request.promptTexts == prompts)
    #expect(!request.isTokenized)
  }

  @Test func embeddingsTakeTokenIDs() throws {
    let one = try parse(#"{"model":"m","input":[1,2]}"#, path: "/v1/embeddings")
    #expect(one.isTokenized)
    #expect(one.prompts == [words([1, 2])])
    let two = try parse(#"{"model":"m","input":[[1],[2,3]]}"#, path: "/v1/embeddings")
    #expect(two.prompts == [words([1]), words([2, 3])])
  }

  private static let incomplete: [(String, String, String)] = [
    ("/v1/responses", #"{}"#, "invalid responses request: must have input field"),
    ("/v1/responses", #"{"input":null}"#, "invalid responses request: must have input field"),
    ("/v1/responses", #"{"input":"x","cache_salt":1}"#, "invalid responses request: cache_salt must be a string"),
    ("/v1/conversations", #"{}"#, "invalid conversations request: must have items field"),
    ("/v1/conversations", #"{"items":[]}"#, "invalid conversations request: must have items field"),
    ("/v1/conversations", #"{"items":{}}"#, "invalid conversations request: must have items field"),
    ("/v1/conversations", #"{"items":["x"]}"#, "invalid conversations request: must have items field"),
    ("/v1/embeddings", #"{}"#, "invalid embeddings request: must have input field"),
    ("/v1/embeddings", #"{"input":null}"#, "invalid embeddings request: must have input field"),
    ("/v1/embeddings", #"{"input":""}"#, "invalid embeddings request: must have input field"),
    ("/v1/embeddings", #"{"input":[]}"#, "invalid embeddings request: must have input field"),
    (
      "/v1/embeddings", #"{"input":{"a":1}}"#,
      "invalid embeddings request: input must be a string, an array of strings, "
        + "an array of token ids or an array of token id arrays"
    ),
    ("/v1/images/generations", #"{}"#, "invalid images generations request: must have prompt field"),
    ("/v1/images/generations", #"{"prompt":""}"#, "invalid images generations request: must have prompt field"),
    ("/v1/images/generations", #"{"prompt":["x"]}"#, "invalid images generations request: must have prompt field"),
    ("/v1/completions/render", #"{}"#, "invalid completions request: must have prompt field"),
    ("/v1/chat/completions/render", #"{}"#, "invalid chat completions request: must have valid messages field"),
    ("/v1/responses", "[]", "error unmarshaling request bodyMap: the body must be a JSON object"),
  ]

  @Test(arguments: incomplete)
  func refusesWhatIsIncomplete(path: String, body: String, message: String) {
    let withModel = body == "[]" ? body : "{\"model\":\"m\"" + (body == "{}" ? "}" : "," + body.dropFirst())
    #expect(refusal(withModel, path: path) == message)
  }

  @Test(arguments: ["/v1/responses", "/v1/conversations", "/v1/embeddings", "/v1/images/generations"])
  func needsAModel(path: String) {
    let body = #"{"input":"x","prompt":"x","items":[{}]}"#
    #expect(refusal(body, path: path) == "model not found in request body")
    #expect(refusal(#"{"model":1,"# + body.dropFirst(), path: path) == "model not found in request body")
    #expect(refusal(#"{"model":"m","# + body.dropFirst(), path: path) == nil)
  }

  private static let limits: [(String, String, Int?)] = [
    ("/v1/responses", #""max_output_tokens":7,"max_tokens":5"#, 7),
    ("/v1/responses", #""max_tokens":5"#, nil),
    ("/v1/completions", #""max_output_tokens":7,"max_tokens":5"#, 5),
    ("/v1/chat/completions", #""max_completion_tokens":8,"max_tokens":5"#, 8),
    ("/v1/chat/completions", #""max_completion_tokens":0,"max_tokens":5"#, 5),
    ("/v1/chat/completions", #""max_tokens":"5""#, nil),
  ]

  @Test(arguments: limits)
  func theLimitOfTokensHasANameForEachAPI(path: String, limits: String, expected: Int?) throws {
    let body = #"{"model":"m","input":"x","prompt":"x","messages":[{"role":"user"}],\#(limits)}"#
    #expect(try parse(body, path: path).maxOutputTokens == expected)
  }

  @Test func everyTruncationIsRefused() {
    let bodies = [
      ("/v1/responses", #"{"model":"m","input":[{"role":"user","content":"é\n"}],"tools":[{}],"max_output_tokens":3}"#),
      ("/v1/conversations", #"{"model":"m","items":[{"type":"message"}]}"#),
      ("/v1/embeddings", #"{"model":"m","input":[[1,2],[3]]}"#),
      ("/v1/images/generations", #"{"model":"m","prompt":"x"}"#),
    ]
    for (path, body) in bodies {
      let bytes = Array(body.utf8)
      #expect(refusal(bytes, path: path) == nil)
      for length in 0..<bytes.count {
        let message = refusal(Array(bytes.prefix(length)), path: path)
        #expect(message?.hasPrefix("error unmarshaling request bodyMap: ") == true)
      }
    }
  }
}
