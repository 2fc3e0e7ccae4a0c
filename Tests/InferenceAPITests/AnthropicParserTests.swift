import InferenceAPI
import Testing

@Suite struct AnthropicParserTests {
  private func messages(_ members: String, path: String = "/v1/messages") throws(RequestError) -> ParsedRequest {
    try parse(#"{"model":"m","# + members + "}", path: path, parser: AnthropicParser())
  }

  private func refusal(_ body: String) -> String? {
    do {
      _ = try parse(body, path: "/v1/messages", parser: AnthropicParser())
      return nil
    } catch {
      return error.code == .badRequest ? error.message : "\(error.code)"
    }
  }

  @Test func thePromptIsToolsSystemRolesAndContent() throws {
    let request = try messages(
      #"""
      "max_tokens":64,"stream":true,"messages":[
        {"role":"user","content":"hi"},
        {"role":"assistant","content":[
          {"type":"thinking","thinking":"hm","signature":"zzz"},{"type":"text","text":"ok"},
          {"type":"tool_use","id":"t1","name":"f","input":{"a": [1]}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"42"},
          {"type":"tool_result","content":[{"type":"text","text":"43"}]},{"type":"tool_result"}]},
        {"content":null}],
      "tools":[ {"name": "f"} ],"system":"be brief"
      """#)
    #expect(request.api == .messages)
    #expect(request.model == "m")
    #expect(request.isStreaming)
    #expect(request.maxOutputTokens == 64)
    #expect(
      request.promptTexts == [#"[{"name":"f"}]be briefuserhiassistanthmokt1f{"a":[1]}user4243"#])
  }

  @Test func theSystemPromptMayBeBlocksOfWhichTheBillingHeaderDoesNotCount() throws {
    let blocks =
      #"{"type":"text","text":"x-anthropic-billing-header: 123"},{"type":"text","text":"sys"},{"type":"text"}"#
    #expect(try messages(#""system":[\#(blocks)],"messages":[{"role":"u"}]"#).promptTexts == ["sysu"])
    #expect(try messages(#""system":null,"tools":[],"messages":[{"role":"u"}]"#).promptTexts == ["u"])
  }

  @Test func imagesAreKnownByTheirDataOrURL() throws {
    func image(_ source: String) throws -> [UInt8] {
      try messages(#""messages":[{"role":"user","content":[{"type":"image","source":\#(source)}]}]"#).prompts[0]
    }
    let data = try image(#"{"type":"base64","media_type":"image/png","data":"AAAA"}"#)
    #expect(data.count == 4 + 4 * 225)
    #expect(try image(#"{"type":"base64","media_type":"image/jpeg","data":"AAAA"}"#) == data)
    #expect(try image(#"{"type":"base64","data":"AAAB"}"#) != data)
    let url = try image(#"{"type":"url","url":"http://a/1"}"#)
    #expect(url.count == data.count)
    #expect(url != (try image(#"{"type":"url","url":"http://a/2"}"#)))
    #expect(try image("{}").count == 4 + 8)
  }

  @Test func unknownBlocksContributeAStableKey() throws {
    func block(_ block: String) throws -> [UInt8] {
      try messages(#""messages":[{"role":"user","content":[\#(block)]}]"#).prompts[0]
    }
    let document = try block(#"{"type":"document","source":{"data":"x"}}"#)
    #expect(document.count == 4 + 8)
    #expect(document == (try block(#"{ "type":"document", "source" : {"data":"x"}}"#)))
    #expect(document != (try block(#"{"type":"document","source":{"data":"y"}}"#)))
    // A result in a result is no part of the API.
    #expect(
      try block(#"{"type":"tool_result","content":[{"type":"tool_result","content":"deep"}]}"#).count == 4 + 8)
  }

  private static let wrongBodies: [(String, String)] = [
    (#"{"model":"m"}"#, "must have at least one message"),
    (#"{"model":"m","messages":[]}"#, "must have at least one message"),
    (#"{"model":"m","messages":"x"}"#, "must have at least one message"),
    (#"{"model":"m","messages":[1]}"#, "messages[0] must be an object"),
    (#"{"model":"m","messages":[{},{"role":1}]}"#, "messages[1].role must be a string"),
    (#"{"model":"m","messages":[{"content":1}]}"#, "messages[0].content must be a string or an array of blocks"),
    (#"{"model":"m","messages":[{"content":["x"]}]}"#, "messages[0].content must hold blocks that are objects"),
    (
      #"{"model":"m","messages":[{"content":[{"type":"text","text":1}]}]}"#,
      "messages[0].content has a block whose text is not a string"
    ),
    (
      #"{"model":"m","messages":[{"content":[{"type":"tool_result","content":1}]}]}"#,
      "messages[0].content has a tool_result whose content is not a string or an array"
    ),
    (#"{"model":"m","system":1,"messages":[{}]}"#, "system must be a string or an array of blocks"),
    (#"{"model":"m","system":["x"],"messages":[{}]}"#, "system must hold blocks that are objects"),
    (#"{"model":"m","tools":{},"messages":[{}]}"#, "tools must be an array"),
  ]

  @Test(arguments: wrongBodies)
  func namesWhatIsWrong(body: String, reason: String) {
    #expect(refusal(body) == "invalid messages request: " + reason)
  }

  @Test func needsAModel() {
    #expect(refusal(#"{"messages":[{"role":"user"}]}"#) == "model not found in request body")
  }

  @Test(arguments: ["/v1/messages", "/tenant/v1/messages/", "/v1/messages?beta=true"])
  func theEndOfThePathCounts(path: String) throws {
    #expect(try messages(#""messages":[{"role":"u"}]"#, path: path).api == .messages)
  }

  @Test func tokenCountsArePassedThrough() throws {
    let request = try parse([0xFF], path: "/v1/messages/count_tokens?beta=true", parser: AnthropicParser())
    #expect(request.api == .passthrough)
    #expect(request.model == nil)
  }

  @Test func anotherPathIsRefused() {
    #expect(throws: RequestError.bad("unsupported API endpoint: /v1/other?a")) {
      try parse("{}", path: "/v1/other?a", parser: AnthropicParser())
    }
  }
}
