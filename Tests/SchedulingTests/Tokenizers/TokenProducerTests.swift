import InferenceAPI
import Scheduling
import Testing

/// `token-producer`: which backend a configuration names, what the renderer is asked and what becomes of its answer.
@Suite struct TokenProducerTests {
  private static let type = "token-producer"

  private func renderer(_ parameters: String) throws -> RenderingTokenProducer {
    try makePlugin(Self.type, parameters, as: RenderingTokenProducer.self)
  }

  @Test(arguments: ["", "estimate: {}", "backend: estimate", "modelName: a"])
  func tokensAreEstimatedUnlessToldOtherwise(parameters: String) throws {
    _ = try makePlugin(Self.type, parameters, as: TokenProducer.self)
  }

  @Test(arguments: [
    ("vllm: {url: 'ftp://a'}", ".vllm.url: must begin with"),
    ("vllm: {timeout: 0s}", ".vllm.timeout: must be positive"),
    ("vllm: {mmTimeout: 0s}", ".vllm.mmTimeout: must be positive"),
    ("vllm: {}, estimate: {}", ".vllm: there is \"estimate\""),
    ("vllm: {}, backend: estimate", ".vllm: the backend is"),
    ("udsTokenizerConfig: {socketFile: a}", ".udsTokenizerConfig: not supported"),
    ("backend: magic", ".backend: "),
  ])
  func aParameterThatCannotBeUsedIsNamed(parameters: String, problem: String) {
    let problems = parameterProblems(Self.type, parameters)
    #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
  }

  /// The question about a body, read as `path` says.
  private func question(
    _ producer: RenderingTokenProducer, _ body: String, path: String = "/v1/chat/completions",
    answer: InquiryAnswer.Outcome? = nil, check: (SchedulingCycle) -> Void = { _ in }
  ) throws -> Inquiry? {
    let context = RequestParsingContext()
    let bytes = Array(body.utf8) + Array(repeating: UInt8(ascii: "}"), count: RequestParsingContext.bodyPadding)
    return try bytes.withUnsafeBytes { bytes in
      let body = UnsafeRawBufferPointer(rebasing: bytes[..<body.utf8.count])
      var request = SchedulingRequest()
      let inference = try Array(path.utf8).withUnsafeBytes {
        try OpenAIParser().parse(body: body, path: $0, context: context)
      }
      request.inference = inference
      request.targetModel = inference.model ?? request.targetModel
      request.body = body
      let pool = TestPool(1)
      pool.cycle.begin(request, now: 0)
      let inquiry = producer.inquiry(pool.cycle)
      if let inquiry, let answer { pool.cycle.setAnswers([InquiryAnswer(to: inquiry, answer)]) }
      producer.produce(pool.cycle)
      check(pool.cycle)
      return inquiry
    }
  }

  private static let chat = #"{"model":"a","messages":[{"role":"user","content":"Hello"}]}"#

  @Test func theBodyGoesToTheRendererUnderItsNameOfTheModel() throws {
    let producer = try renderer("modelName: 'org/\"base\"', vllm: {url: 'http://render:1/'}")
    let inquiry = try #require(try question(producer, Self.chat))
    #expect(inquiry.url == "http://render:1/v1/chat/completions/render")
    #expect(
      String(decoding: inquiry.body, as: UTF8.self)
        == #"{"model":"org/\"base\"","messages":[{"role":"user","content":"Hello"}]}"#)
    #expect(inquiry.timeout == 5)
    let unnamed = try renderer("backend: vllm")
    let other = try #require(try question(unnamed, #"{"prompt":"x","model":"a"}"#, path: "/v1/completions"))
    #expect(other.url == "http://localhost:8000/v1/completions/render")
    #expect(String(decoding: other.body, as: UTF8.self) == #"{"prompt":"x","model":"a"}"#)
  }

  @Test func mediaMayTakeLonger() throws {
    let producer = try renderer("vllm: {timeout: 2s, mmTimeout: 20s}")
    let text = #"{"model":"a","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#
    #expect(try question(producer, text)?.timeout == 20)
    #expect(try question(producer, Self.chat)?.timeout == 2)
  }

  @Test func nothingIsAskedAboutTokensAndOtherAPIs() throws {
    let producer = try renderer("vllm: {}")
    #expect(try question(producer, #"{"model":"a","prompt":[1,2]}"#, path: "/v1/completions") == nil)
    #expect(try question(producer, #"{"model":"a","input":"x"}"#, path: "/v1/responses") == nil)
  }

  /// The tokens, prompt by prompt, that a cycle's request has after an answer.
  private func tokens(_ answer: String, status: Int = 200) throws -> (prompts: [[UInt32]], media: [TokenizedMedia]) {
    var found: ([[UInt32]], [TokenizedMedia]) = ([], [])
    _ = try question(
      try renderer("vllm: {}"), Self.chat, answer: .response(status: status, body: Array(answer.utf8))
    ) { cycle in
      guard let inference = cycle.request.inference, inference.isTokenized else { return }
      let prompts = (0..<inference.prompts.count).map { prompt in
        inference.prompts[prompt].flatMap { segment in
          stride(from: 0, to: segment.count, by: 4).map {
            UInt32(littleEndian: segment.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
          }
        }
      }
      #expect(inference.promptTokenCount == prompts.reduce(0) { $0 + $1.count })
      found = (prompts, cycle.request.media)
    }
    return found
  }

  @Test func tokensOfTheAnswerReplaceTheEstimate() throws {
    #expect(try tokens(#"{"request_id":"r","token_ids":[1,2,4294967295]}"#).prompts == [[1, 2, .max]])
    #expect(try tokens(#"[{"token_ids":[1]},{"token_ids":[]},{"token_ids":[2,3]}]"#).prompts == [[1], [], [2, 3]])
  }

  @Test func mediaAreWhereTheAnswerSays() throws {
    let media = try tokens(
      """
      {"token_ids":[1,2,3],"features":{"mm_hashes":{"image":["h1","h2"],"audio":["h3"]},
       "mm_placeholders":{"image":[{"offset":0,"length":2},{"offset":-1,"length":2}],
                          "audio":[{"offset":2,"length":1,"is_embed":null}]}}}
      """
    ).media
    #expect(
      Set(media) == [
        TokenizedMedia(prompt: 0, offset: 0, length: 2, hash: Array("h1".utf8)),
        TokenizedMedia(prompt: 0, offset: 2, length: 1, hash: Array("h3".utf8)),
      ])
  }

  @Test(arguments: [
    "", "nonsense", "[]", "{}", "{\"token_ids\":null}", "{\"token_ids\":[1,-2]}", "{\"token_ids\":[1.5]}",
    "{\"token_ids\":[]}", "[{\"token_ids\":[1]},{}]", "{\"token_ids\":[4294967296]}",
  ])
  func anAnswerWithoutTokensChangesNothing(answer: String) throws {
    #expect(try tokens(answer).prompts.isEmpty)
  }

  @Test func anErrorChangesNothing() throws {
    #expect(try tokens(#"{"token_ids":[1]}"#, status: 500).prompts.isEmpty)
  }
}
