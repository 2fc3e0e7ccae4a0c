import InferenceAPI
import Testing

/// Usage of responses that are one JSON document (Endpoint Picker protocol, response body).
@Suite struct UsageReaderTests {
  private static let documents: [(String, [Int?])] = [
    (
      #"{"id":"x","object":"chat.completion","choices":[{"message":{"content":"\"usage\":{}"}}],"#
        + #""usage":{"prompt_tokens":7,"total_tokens":17,"completion_tokens":10}}"#,
      [7, 10, 17, nil]
    ),
    (
      #"{ "usage" : { "prompt_tokens" : 7 , "completion_tokens":1, "total_tokens":8,"prompt_tokens_details":{"audio":1,"cached_tokens": 4} } }"#,
      [7, 1, 8, 4]
    ),
    (
      #"{"object":"response","usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":2},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":7}}"#,
      [3, 4, 7, 2]
    ),
    (#"{"usage":{"prompt_tokens":3,"prompt_token_details":{"cached_tokens":1}}}"#, [3, nil, nil, 1]),
    (
      #"{"object":"list","data":[{"embedding":[0.1,-2e3]}],"usage":{"prompt_tokens":5,"total_tokens":5}}"#,
      [5, nil, 5, nil]
    ),
    (#"{"usage":{"prompt_tokens":1,"input_tokens":2}}"#, [1, nil, nil, nil]),
    (#"{"usage":{"prompt_tokens":1},"usage":{"prompt_tokens":2}}"#, [2, nil, nil, nil]),
    (#"{"usage":{"prompt_tokens":12.0,"completion_tokens":0,"total_tokens":null}}"#, [12, 0, nil, nil]),
    (#"{"usage":{"prompt_tokens":"3","completion_tokens":-1,"total_tokens":1e3}}"#, [nil, nil, nil, nil]),
    (#"{"usage":{"prompt_tokens":[3],"completion_tokens":{"prompt_tokens":9},"total_tokens":4}}"#, [nil, nil, 4, nil]),
    (#"{"usage":{"prompt_tokens_details":null,"total_tokens":4}}"#, [nil, nil, 4, nil]),
    (#"{"usage":{}}"#, [nil, nil, nil, nil]),
  ]

  @Test(arguments: documents)
  func readsOpenAIDocuments(body: String, expected: [Int?]) {
    let reading = ResponseReading(body, .json)
    #expect(reading.hasUsage)
    #expect(reading.counts == expected)
    #expect(reading.events == 0)
  }

  @Test(arguments: [
    "", "x", "null", "[]", "{}", #"[{"usage":{"prompt_tokens":1}}]"#, #"{"usage":null}"#, #"{"usage":"x"}"#,
    #"{"usage":[{"prompt_tokens":1}]}"#, #"{"usage":3}"#, #"{"x":{"usage":{"prompt_tokens":1}}}"#,
    #"{"x":"{\"usage\":{\"prompt_tokens\":1}}"}"#, #"{"x":["usage",{"prompt_tokens":1}]}"#,
    #"{"response":{"usage":{"prompt_tokens":1}}}"#, #"{"usage":{"prompt_tokens":1"#, "\u{1F}\u{8B}gzip",
    #"<html>{"usage":{"prompt_tokens":1}}"#,
  ])
  func findsNoneWhereThereIsNone(body: String) {
    #expect(!ResponseReading(body, .json).hasUsage)
  }

  @Test func laterUsageOfAWrongTypeDoesNotErase() {
    let reading = ResponseReading(#"{"usage":{"prompt_tokens":1},"usage":null}"#, .json)
    #expect(reading.prompt == 1)
  }

  @Test func keepsTheObjectAsItWasSent() {
    let object = #"{ "prompt_tokens": 7,  "prompt_tokens_details":{"cached_tokens":1}, "x":["}","\"}"] }"#
    #expect(ResponseReading(#"{"a":{"b":[{}]},"usage": \#(object) ,"z":1}"#, .json).json == object)
  }

  @Test func anObjectThatIsTooLongIsCountedButNotKept() {
    let padding = String(repeating: "x", count: Usage.maximumJSONBytes)
    let long = ResponseReading(#"{"usage":{"pad":"\#(padding)","prompt_tokens":7}}"#, .json)
    #expect(long.prompt == 7)
    #expect(long.json == "")
    let fitting = "{\"pad\":\"" + padding.dropLast(10) + "\"}"
    #expect(fitting.utf8.count == Usage.maximumJSONBytes)
    #expect(ResponseReading(#"{"usage":\#(fitting)}"#, .json).json == fitting)
    #expect(ResponseReading(#"{"usage":{"x":"\#(padding)"},"usage":{"y":1}}"#, .json).json == #"{"y":1}"#)
  }

  @Test func absurdCountsDoNotOverflow() {
    let digits = String(repeating: "9", count: 400)
    let reading = ResponseReading(
      #"{"usage":{"input_tokens":\#(digits),"output_tokens":\#(digits)}}"#, .anthropic, .json)
    #expect(reading.total == (reading.prompt ?? 0) + (reading.completion ?? 0))
  }

  @Test func readsAnthropicDocuments() {
    let body = #"{"type":"message","usage":{"input_tokens":5,"cache_read_input_tokens":3,"output_tokens":2}}"#
    #expect(ResponseReading(body, .anthropic, .json).counts == [5, 2, 7, 3])
  }

  @Test func readsSGLangDocuments() {
    let body =
      #"{"text":"x","meta_info":{"id":"a","finish_reason":{"type":"stop"},"prompt_tokens":5,"completion_tokens":2,"cached_tokens":1}}"#
    #expect(ResponseReading(body, .sglang, .json).counts == [5, 2, 7, 1])
    #expect(!ResponseReading(#"{"usage":{"prompt_tokens":1}}"#, .sglang, .json).hasUsage)
  }

  @Test func passthroughTellsNothing() {
    #expect(!ResponseReading(#"{"usage":{"prompt_tokens":1}}"#, .none, .json).hasUsage)
    let stream = ResponseReading("data: {\"usage\":{\"prompt_tokens\":1}}\n\n", .none, .eventStream)
    #expect(!stream.hasUsage)
    #expect(stream.events == 1)
  }

  @Test func theFirstBytesAreTheFirstToken() {
    var reader = UsageReader()
    reader.begin(family: .openAI, format: .json)
    let hits = ["", "{", "}"].map { piece in Array(piece.utf8).withUnsafeBytes { reader.read($0).hasFirstToken } }
    #expect(hits == [false, true, false])
  }

  @Test func piecesMakeNoDifference() {
    let body =
      #"{"a":"\\\"usage\":{","b":[1,{"c":"]"},"\\"],"type":"x","usage":{"prompt_tokens":71,"x":{"y":[]},"#
      + #""prompt_tokens_details":{"z":"\"","cached_tokens":40},"completion_tokens":12,"total_tokens":83},"d":null}"#
    let bytes = Array(body.utf8)
    let whole = ResponseReading(body, .json)
    #expect(whole.counts == [71, 12, 83, 40])
    var reader = UsageReader()
    for cut in 0...bytes.count {
      #expect(ResponseReading([bytes[..<cut], bytes[cut...]], .openAI, .json, reader: &reader) == whole)
    }
    #expect(ResponseReading(bytes.map { [$0] }, .openAI, .json, reader: &reader) == whole)
    var random = SeededGenerator(state: 3)
    for _ in 0..<300 {
      #expect(ResponseReading(pieces(bytes, count: 9, &random), .openAI, .json, reader: &reader) == whole)
    }
  }

  @Test func aReaderForgetsThePreviousResponse() {
    var reader = UsageReader()
    let first = ResponseReading([Array(#"{"x":"un"#.utf8)], .openAI, .json, reader: &reader)
    #expect(!first.hasUsage)
    let second = ResponseReading([Array(#"{"usage":{"prompt_tokens":1}}"#.utf8)], .openAI, .json, reader: &reader)
    #expect(second.prompt == 1)
    let third = ResponseReading([Array("{}".utf8)], .openAI, .json, reader: &reader)
    #expect(!third.hasUsage)
  }

  private static let contentTypes: [(String, ResponseFormat)] = [
    ("application/json", ResponseFormat.json), ("", .json), ("text/html", .json),
    ("text/event-stream", .eventStream), ("Text/Event-Stream; charset=utf-8", .eventStream),
    ("application/grpc", .grpc), ("application/grpc+proto", .grpc), ("text/event-strea", .json),
  ]

  @Test(arguments: contentTypes)
  func formatsAreToldByTheContentType(contentType: String, format: ResponseFormat) {
    #expect(Array(contentType.utf8).withUnsafeBytes { ResponseFormat.detect(contentType: $0) } == format)
  }

  @Test func randomBytesDoNotCrash() {
    var random = SeededGenerator(state: 9)
    let alphabet = Array(#"{}[]":,\ 1.e-"#.utf8) + [0, 10, 13, 200]
    let words = [
      "\"usage\"", "\"prompt_tokens\"", "\"response\"", "\"type\"", "data: ", "event: ", "\n", "\"message\"",
    ]
    var reader = UsageReader()
    for _ in 0..<3_000 {
      var bytes: [UInt8] = Bool.random(using: &random) ? [UInt8(ascii: "{")] : []
      for _ in 0..<40 {
        if Int.random(in: 0..<3, using: &random) == 0 {
          bytes += Array((words.randomElement(using: &random) ?? "").utf8)
        } else {
          bytes.append(alphabet.randomElement(using: &random) ?? 0)
        }
      }
      let family = [ResponseFamily.openAI, .anthropic, .sglang, .none].randomElement(using: &random) ?? .none
      for format in [ResponseFormat.json, .eventStream] {
        let whole = ResponseReading([bytes], family, format, reader: &reader)
        let split = ResponseReading(pieces(bytes, count: 6, &random), family, format, reader: &reader)
        // Whatever is made of nonsense, pieces make no difference.
        #expect(split == whole, "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}
