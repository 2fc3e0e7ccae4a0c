import InferenceAPI
import Testing

@Suite struct ChatCompletionsTests {
  private func chat(_ messages: String, extra: String = "") throws(RequestError) -> ParsedRequest {
    try parse(#"{"model":"m",\#(extra)"messages":\#(messages)}"#)
  }

  private func prompt(_ messages: String, extra: String = "") throws -> String {
    let request = try chat(messages, extra: extra)
    #expect(request.api == .chatCompletions)
    #expect(request.prompts.count == 1)
    return request.promptTexts[0]
  }

  @Test func thePromptIsRolesAndTextsWithoutSeparators() throws {
    #expect(
      try prompt(#"[{"role":"system","content":"Be brief."},{"content":"Hi \"you\"","role":"user","name":"n"}]"#)
        == "systemBe brief.userHi \"you\"")
    #expect(
      try prompt(
        #"[{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]},{"role":"tool"},{"content":"x"},{}]"#)
        == "assistanttoolx")
    #expect(
      try prompt(
        #"[{"role":"user","content":[{"type":"text","text":"a"},{"text":"b","type":"text"},{"type":"text"},"c"]}]"#)
        == "userabc")
    #expect(try prompt(#"[{"role":"user","content":[]},{"role":null,"content":""}]"#) == "user")
  }

  @Test func toolsComeFirstAsMinifiedJSON() throws {
    let tools = #"[ { "type" : "function", "b": [1, -2.50, 1e21, true, false, null, {}, []], "é\n\u0001\"\\/": "" } ]"#
    #expect(
      try prompt(#"[{"role":"user","content":"x"}]"#, extra: #""tools":\#(tools),"#)
        == #"[{"type":"function","b":[1,-2.5,1e+21,true,false,null,{},[]],"é\n\u0001\"\\/":""}]userx"#)
    #expect(try prompt(#"[{"role":"user"}]"#, extra: #""tools":[],"#) == "user")
    #expect(try prompt(#"[{"role":"user"}]"#, extra: #""tools":null,"#) == "user")
  }

  @Test func largeToolsAreWhole() throws {
    let tools = "[" + (0..<5_000).map { "{\"name\":\"tool-\($0)\"}" }.joined(separator: ",") + "]"
    let context = RequestParsingContext()
    for _ in 0..<2 {
      let request = try parse(#"{"model":"m","tools":\#(tools),"messages":[{"role":"u"}]}"#, context: context)
      #expect(request.promptTexts == [tools + "u"])
    }
  }

  @Test func anImageCountsAs225AlignedTokensOfItsURL() throws {
    func image(_ url: String) -> String { #"{"type":"image_url","image_url":{"url":"\#(url)"}}"# }
    let request = try chat(#"[{"role":"user","content":["abc",\#(image("http://a/1.png")),"end"]}]"#)
    let bytes = request.prompts[0]
    #expect(Array(bytes.prefix(8)) == Array("userabc\0".utf8))
    #expect(Array(bytes.suffix(3)) == Array("end".utf8))
    let media = Array(bytes.dropFirst(8).dropLast(3))
    #expect(media.count == 4 * 225)
    let word = Array(media.prefix(4))
    #expect(stride(from: 0, to: media.count, by: 4).allSatisfy { Array(media[$0..<$0 + 4]) == word })

    let same = try chat(#"[{"role":"user","content":["abc",{"type":"image_url","image_url":"http://a/1.png"},"end"]}]"#)
    #expect(same.prompts == request.prompts)
    let other = try chat(#"[{"role":"user","content":["abc",\#(image("http://a/2.png")),"end"]}]"#)
    #expect(other.prompts[0].count == bytes.count)
    #expect(other.prompts != request.prompts)
  }

  @Test func otherMediaContributeAStableKey() throws {
    func bytes(_ block: String) throws -> [UInt8] { try chat(#"[{"role":"user","content":[\#(block)]}]"#).prompts[0] }
    let video = try bytes(#"{"type":"video_url","video_url":{"url":"v"}}"#)
    #expect(video.count == 4 + 4 * 20 * 225)
    let audio = try bytes(#"{"type":"input_audio","input_audio":{"data":"QUJD","format":"wav"}}"#)
    #expect(audio.count == 4 + 8)
    #expect(audio == (try bytes(#"{"input_audio":{"format":"mp3","data":"QUJD"},"type":"input_audio"}"#)))
    #expect(audio != (try bytes(#"{"type":"input_audio","input_audio":{"data":"QUJE","format":"wav"}}"#)))
    let unknown = try bytes(#"{"type":"hologram","x":[1]}"#)
    #expect(unknown.count == 4 + 8)
    #expect(unknown == (try bytes(#"{ "type" : "hologram", "x" : [ 1 ] }"#)))
    #expect(unknown != (try bytes(#"{"type":"hologram","x":[2]}"#)))
    #expect(try bytes(#"{"type":"image_url"}"#) == Array("user".utf8))
  }

  @Test func manyImagesDoNotMultiplyMemory() throws {
    let image = #"{"type":"image_url","image_url":{"url":""}}"#
    let content = Array(repeating: image, count: 20_000).joined(separator: ",")
    let request = try chat(#"[{"role":"user","content":[\#(content)]}]"#)
    #expect(request.prompts[0].count == 4 + 4 * (1_024 * 225 + 20_000 - 1_024))
  }

  @Test(arguments: ["null", "[]", "\"x\"", "{}", "1"])
  func needsMessages(messages: String) {
    #expect(
      refusal(#"{"model":"m","messages":\#(messages)}"#)
        == "invalid chat completions request: must have valid messages field")
    #expect(refusal(#"{"model":"m"}"#) == "invalid chat completions request: must have valid messages field")
  }

  @Test(arguments: [
    (#"["x"]"#, "messages[0] must be an object"),
    (#"[{"role":"user"},{"role":1}]"#, "messages[1].role must be a string"),
    (#"[{"content":1}]"#, "messages[0].content must be a string or an array of blocks"),
    (#"[{"content":{}}]"#, "messages[0].content must be a string or an array of blocks"),
    (#"[{"content":true}]"#, "messages[0].content must be a string or an array of blocks"),
    (#"[{"content":[1]}]"#, "messages[0].content must hold blocks that are objects"),
    (#"[{"content":[{"type":1}]}]"#, "messages[0].content has a block whose type is not a string"),
    (#"[{"content":[{"type":"text","text":1}]}]"#, "messages[0].content has a block whose text is not a string"),
    (
      #"[{"content":[{"type":"image_url","image_url":1}]}]"#,
      "messages[0].content has a block whose image_url is not an object"
    ),
    (
      #"[{"content":[{"type":"image_url","image_url":{"url":1}}]}]"#,
      "messages[0].content has a block whose url is not a string"
    ),
  ])
  func namesTheWrongPartOfAMessage(messages: String, reason: String) {
    #expect(refusal(#"{"model":"m","messages":\#(messages)}"#) == "invalid chat completions request: " + reason)
  }

  @Test(arguments: [
    ("tools", "{}", "an array"), ("documents", "\"x\"", "an array"), ("chat_template", "1", "a string"),
    ("chat_template_kwargs", "[]", "an object"), ("return_assistant_tokens_mask", "1", "true or false"),
    ("continue_final_message", "\"true\"", "true or false"), ("add_generation_prompt", "0", "true or false"),
    ("cache_salt", "false", "a string"),
  ])
  func checksTheTypesOfOptions(field: String, value: String, expected: String) {
    let messages = #""messages":[{"role":"user","content":"x"}]"#
    #expect(
      refusal(#"{"model":"m","\#(field)":\#(value),\#(messages)}"#)
        == "invalid chat completions request: \(field) must be \(expected)")
    #expect(refusal(#"{"model":"m","\#(field)":null,\#(messages)}"#) == nil)
  }

  @Test func needsAModelAfterAllElseIsRight() {
    #expect(refusal(#"{"messages":[{"role":"user"}]}"#) == "model not found in request body")
    #expect(refusal(#"{"messages":[]}"#) == "invalid chat completions request: must have valid messages field")
  }

  @Test func aContextIsCleanAfterEveryRequest() throws {
    let context = RequestParsingContext()
    let body = #"{"model":"m","tools":[{"a":1}],"stream":true,"messages":[{"role":"user","content":"hello"}]}"#
    let first = try parse(body, context: context)
    #expect(throws: RequestError.self) {
      try parse(#"{"model":"m","messages":[{"role":"user","content":"left over"},1]}"#, context: context)
    }
    _ = try parse(#"{"model":"m","prompt":[[1,2],[3]]}"#, path: "/v1/completions", context: context)
    #expect(try parse(body, context: context) == first)
  }
}
