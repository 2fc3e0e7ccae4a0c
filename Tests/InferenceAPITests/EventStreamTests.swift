import InferenceAPI
import Testing

/// Usage of responses that are server-sent events.
@Suite struct EventStreamTests {
  private static let chat = """
    data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}

    data: {"id":"c","choices":[{"delta":{"content":"\\"usage\\":{\\"prompt_tokens\\":1}"}}]}

    : comment

    data: {"choices":[],"usage":{"prompt_tokens":7,"total_tokens":17,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}}

    data: [DONE]


    """

  private static let responses = """
    event: response.created
    data: {"type":"response.created","response":{"usage":null}}

    event: response.output_text.delta
    data: {"type":"response.output_text.delta","delta":"usage"}

    event: response.output_text.delta
    data: {"type":"response.output_text.delta","delta":"more"}

    event: response.completed
    data: {"response":{"output":[{"text":"a \\"long\\" text"}],"usage":{"input_tokens":31,"input_tokens_details":{"cached_tokens":16},"output_tokens":5,"total_tokens":36}},"type":"response.completed"}


    """

  private static let messages = """
    event: message_start
    data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":25,"cache_read_input_tokens":8,"output_tokens":1}}}

    event: content_block_start
    data: {"type":"content_block_start","index":0}

    event: ping
    data: {"type": "ping"}

    event: content_block_delta
    data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}

    event: message_delta
    data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}

    event: message_stop
    data: {"type":"message_stop"}


    """

  private static let sglang = """
    data: {"text":"a","meta_info":{"prompt_tokens":4,"completion_tokens":1,"cached_tokens":2,"finish_reason":null}}

    data: {"text":"ab","meta_info":{"prompt_tokens":4,"completion_tokens":2,"cached_tokens":2,"finish_reason":{"type":"stop"}}}

    data: [DONE]


    """

  private static let streams: [(String, ResponseFamily, [Int], Int, Int)] = [
    (chat, ResponseFamily.openAI, [7, 10, 17, 4], 3, 3),
    (responses, .openAI, [31, 5, 36, 16], 4, 2),
    (messages, .anthropic, [25, 15, 40, 8], 6, 1),
    (sglang, .sglang, [4, 2, 6, 2], 2, 2),
  ]

  @Test(arguments: streams)
  func readsStreamsInPiecesOfAnySize(
    stream: String, family: ResponseFamily, counts: [Int], events: Int, tokenEvents: Int
  ) {
    var random = SeededGenerator(state: 21)
    var reader = UsageReader()
    for lineEnd in ["\n", "\r\n"] {
      let bytes = Array(stream.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd).utf8)
      let whole = ResponseReading([bytes], family, .eventStream, reader: &reader)
      #expect(whole.counts == counts)
      #expect(whole.events == events)
      #expect(whole.tokenEvents == tokenEvents)
      for cut in 0...bytes.count {
        #expect(ResponseReading([bytes[..<cut], bytes[cut...]], family, .eventStream, reader: &reader) == whole)
      }
      #expect(ResponseReading(bytes.map { [$0] }, family, .eventStream, reader: &reader) == whole)
      for _ in 0..<300 {
        #expect(ResponseReading(pieces(bytes, count: 12, &random), family, .eventStream, reader: &reader) == whole)
      }
    }
  }

  private func read(_ stream: String, _ family: ResponseFamily = .openAI) -> ResponseReading {
    ResponseReading(stream, family, .eventStream)
  }

  @Test func theSpaceAfterTheColonIsOptional() {
    #expect(read("data:{\"usage\":{\"prompt_tokens\":1}}\n\n").prompt == 1)
    #expect(read("data:\t {\"usage\":{\"prompt_tokens\":1}}\n\n").prompt == 1)
  }

  @Test func theLastEventNeedsNoNewline() {
    #expect(read("data: {\"usage\":{\"prompt_tokens\":1}}").prompt == 1)
  }

  @Test func continuousUsageEndsWithTheLast() {
    let stream = (1...5).map {
      "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":\($0)}}\n\n"
    }
    let reading = read(stream.joined() + "data: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n")
    #expect(reading.counts == [9, 5, nil, nil])
    #expect(reading.json == #"{"prompt_tokens":9,"completion_tokens":5}"#)
    #expect(reading.events == 6)
  }

  @Test(arguments: [
    "data: {\"usage\":\"x\"}\n\n", "data: {\"usage\":[1]}\n\n", "data: {\"usage\":1}\n\n", "data: {\"usage\":null}\n\n",
    "data: not json \"usage\":{\"prompt_tokens\":1}\n\n", "event: {\"usage\":{\"prompt_tokens\":1}}\n\n",
    ": {\"usage\":{\"prompt_tokens\":1}}\n\n", "datax: {\"usage\":{\"prompt_tokens\":1}}\n\n",
    " data: {\"usage\":{\"prompt_tokens\":1}}\n\n", "data: [{\"usage\":{\"prompt_tokens\":1}}]\n\n",
    "data: {\"response\":{\"usage\":{\"input_tokens\":1}}}\n\n",
    "data: {\"type\":\"response.created\",\"response\":{\"usage\":{\"input_tokens\":1}}}\n\n",
    "data: {\"x\":{\"type\":\"response.completed\"},\"response\":{\"usage\":{\"input_tokens\":1}}}\n\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"x\":{\"usage\":{\"input_tokens\":1}}}}\n\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":1}\n\n",
    "data: {\"usage\"::{\"prompt_tokens\":1}}\n\n", "data: {\"usage\":null{\"prompt_tokens\":1}}\n\n",
    "data: {\"usage\":\"\"{\"prompt_tokens\":1}}\n\n", "data: {\"usage\":[]{\"prompt_tokens\":1}}\n\n",
  ])
  func findsNoneWhereThereIsNone(stream: String) {
    #expect(!read(stream).hasUsage)
    var reader = UsageReader()
    #expect(!ResponseReading(stream.utf8.map { [$0] }, .openAI, .eventStream, reader: &reader).hasUsage)
  }

  @Test func aMalformedEventDoesNotHideTheNext() {
    let reading = read(
      "data: {\"usage\":{\"prompt_tok\n\ndata: {\"x\":\"\\\ndata: {\"usage\":{\"prompt_tokens\":2}}\n\n")
    #expect(reading.prompt == 2)
    #expect(reading.events == 3)
  }

  @Test func anIncompleteResponseTellsItsUsageToo() {
    let event = #"{"type":"response.incomplete","response":{"usage":{"input_tokens":1,"output_tokens":2}}}"#
    #expect(read("data: \(event)\n\n").counts == [1, 2, nil, nil])
  }

  @Test func aLongEventIsReadWithoutBeingKept() {
    let text = String(repeating: "tok \\\"en\\\\ ", count: 20_000)
    let event = #"data: {"response":{"output":"\#(text)","usage":{"input_tokens":3}},"type":"response.completed"}"#
    var reader = UsageReader()
    let bytes = Array((event + "\n\n").utf8)
    let chunks = stride(from: 0, to: bytes.count, by: 4_096).map { bytes[$0..<min($0 + 4_096, bytes.count)] }
    #expect(ResponseReading(chunks, .openAI, .eventStream, reader: &reader).prompt == 3)
  }

  @Test func theFirstTokenIsToldOnce() {
    func firstTokens(_ stream: [String], _ family: ResponseFamily) -> [Bool] {
      var reader = UsageReader()
      reader.begin(family: family, format: .eventStream)
      return stream.map { chunk in Array(chunk.utf8).withUnsafeBytes { reader.read($0).hasFirstToken } }
    }
    #expect(
      firstTokens([": ping\n\n", "data: {\"a\":1}\n\n", "data: {\"a\":2}\n\n"], .openAI) == [false, true, false])
    #expect(firstTokens(["data: [DONE]\n\n"], .openAI) == [false])
    #expect(
      firstTokens(
        [
          "event: message_start\ndata: {}\n\n", "event: content_block_start\ndata: {}\n\n",
          "event: content_block_delta\n", "data: {}\n\n", "event: message_delta\ndata: {}\n\n",
        ], .anthropic) == [false, false, false, true, false])
    #expect(
      firstTokens(
        ["event:response.created\ndata: {}\n\n", "event:response.output_text.delta\ndata: {}\n\n"], .openAI)
        == [false, true])
  }

  @Test func anEventsNameHoldsForAllItsLines() {
    let bytes = Array("event: response.completed\ndata: {}\ndata: {}\n\ndata: {}\n\n".utf8)
    var reader = UsageReader()
    for pieces in [[bytes[...]], bytes.indices.map { bytes[$0...$0] }] {
      let reading = ResponseReading(pieces, .openAI, .eventStream, reader: &reader)
      #expect(reading.events == 3)
      #expect(reading.tokenEvents == 1)
    }
  }

  @Test func everyTruncationGivesTheUsageOnceItIsComplete() {
    let bytes = Array(Self.chat.utf8)
    var reader = UsageReader()
    var last = false
    for length in 0...bytes.count {
      let reading = ResponseReading([bytes[..<length]], .openAI, .eventStream, reader: &reader)
      if reading.hasUsage { #expect(reading.counts == [7, 10, 17, 4]) }
      #expect(!last || reading.hasUsage)
      last = reading.hasUsage
    }
    #expect(last)
  }
}
