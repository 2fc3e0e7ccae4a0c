import InferenceAPI
import Testing

@Suite struct VLLMGRPCParserTests {
  private static let service = "/vllm.grpc.engine.VllmEngine/"

  private func parse(_ body: [UInt8], _ method: String = "Generate") throws(RequestError) -> ParsedRequest {
    try InferenceAPITests.parse(body, path: Self.service + method, parser: VLLMGRPCParser())
  }

  private func message(_ body: [UInt8], _ method: String = "Generate") -> String? {
    do {
      _ = try parse(body, method)
      return nil
    } catch {
      return error.code == .badRequest ? error.message : "\(error.code)"
    }
  }

  private var tokenized: Protobuf { Protobuf().text(1, "original").packed(2, [1, 300, 70_000]) }

  @Test func generateTakesText() throws {
    let body = Protobuf().text(1, "id").text(3, "héllo").message(4, Protobuf().fixed32(1).number(8, 12)).number(5, 1)
    let request = try parse(body.frame())
    #expect(request.api == .vllmGRPCGenerate)
    #expect(request.promptTexts == ["héllo"])
    #expect(request.isStreaming)
    #expect(request.maxOutputTokens == 12)
    #expect(!request.isTokenized)
    #expect(request.model == nil)
  }

  @Test func generateTakesTokenIDsPackedOrNot() throws {
    let packed = try parse(Protobuf().message(2, tokenized).frame())
    #expect(packed.prompts == [words([1, 300, 70_000])])
    #expect(packed.isTokenized)
    #expect(!packed.isStreaming)
    #expect(packed.maxOutputTokens == nil)
    let mixed = Protobuf().number(2, 5).packed(2, []).packed(2, [6, 4_294_967_295]).number(2, 7).fixed64(9)
    #expect(try parse(Protobuf().message(2, mixed).frame()).prompts == [words([5, 6, 4_294_967_295, 7])])
  }

  @Test func theLastOfTextAndTokensCounts() throws {
    #expect(try parse(Protobuf().message(2, tokenized).text(3, "x").frame()).promptTexts == ["x"])
    #expect(try parse(Protobuf().text(3, "x").message(2, tokenized).frame()).isTokenized)
  }

  @Test func placeholdersCountAsTheContentTheyStandFor() throws {
    func prompt(_ hash: String) throws -> [UInt8] {
      let ids = Protobuf().packed(2, [1, 9, 9, 2])
      let media = Protobuf().text(6, hash).message(5, Protobuf().number(1, 1).number(2, 2))
      return try parse(Protobuf().message(2, ids).message(7, media).frame()).prompts[0]
    }
    let first = try prompt("a")
    #expect(first.prefix(4).elementsEqual(words([1])) && first.suffix(4).elementsEqual(words([2])))
    #expect(first[4..<8].elementsEqual(first[8..<12]))
    #expect(first != (try prompt("b")))
  }

  @Test func embedTakesTokenIDs() throws {
    let request = try parse(Protobuf().text(1, "id").message(2, tokenized).frame(), "Embed")
    #expect(request.api == .vllmGRPCEmbed)
    #expect(request.prompts == [words([1, 300, 70_000])])
    #expect(
      message(Protobuf().text(1, "id").frame(), "Embed") == "parsing gRPC payload for Embed: input must be tokenized")
  }

  @Test func refusesWhatItCannotRead() {
    let prefix = "parsing gRPC payload for Generate: "
    let body = Protobuf().text(3, "x")
    #expect(
      message(body.frame(isCompressed: true)) == prefix + "compressed vllmgrpc payload is not supported")
    #expect(message([]) == prefix + "not able to parse payload")
    #expect(message(Protobuf().frame()) == prefix + "input must be text or tokenized")
    #expect(message(Protobuf(bytes: [0x1A, 0xFF]).frame()) == prefix + "not able to parse payload")
    #expect(message(Protobuf(bytes: [0x03]).text(3, "x").frame()) == prefix + "not able to parse payload")
    #expect(message(Protobuf().bytes(2, [0x12, 0x01, 0x80]).frame()) == prefix + "not able to parse payload")
    #expect(message([9] + body.frame().dropFirst()) == prefix + "not able to parse payload")
    #expect(
      message(Array(body.frame().dropLast()), "Embed") == "parsing gRPC payload for Embed: not able to parse payload")
  }

  @Test func everyTruncationIsRefused() {
    let frame = Protobuf().message(2, tokenized).message(4, Protobuf().number(8, 300)).frame()
    for length in 0..<frame.count {
      #expect(message(Array(frame.prefix(length))) == "parsing gRPC payload for Generate: not able to parse payload")
    }
    // The same with a frame that is whole around a message that isn't.
    for length in 5..<frame.count {
      #expect((try? parse(Protobuf(bytes: Array(frame[5..<length])).frame()))?.prompts.count ?? 1 == 1)
    }
  }

  @Test func bytesAfterTheFrameDoNotMatter() throws {
    #expect(try parse(Protobuf().text(3, "x").frame() + [1, 2]).promptTexts == ["x"])
  }

  @Test(arguments: ["HealthCheck", "Abort", "GetModelInfo", "GetServerInfo", "New"])
  func otherMethodsAreNoInference(method: String) throws {
    try withPadded([UInt8]()) { body throws(RequestError) in
      try withPadded(Array((Self.service + method).utf8)) { path throws(RequestError) in
        let request = try VLLMGRPCParser().parse(body: body, path: path, context: RequestParsingContext())
        #expect(request.api == .notInference)
        #expect(request.skipsResponse)
        #expect(request.prompts.count == 0)
      }
    }
  }

  @Test func randomMessagesDoNotCrash() {
    var random = SeededGenerator(state: 7)
    let context = RequestParsingContext()
    for _ in 0..<3_000 {
      var frame = Protobuf().message(2, tokenized).message(4, Protobuf().number(8, 3))
        .message(7, Protobuf().text(6, "h").message(5, Protobuf().number(1, 1).number(2, 9))).frame()
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        frame[Int.random(in: 0..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      for method in ["Generate", "Embed"] {
        let parsed = try? InferenceAPITests.parse(
          frame, path: Self.service + method, context: context, parser: VLLMGRPCParser())
        #expect(parsed == nil || parsed?.prompts.count == 1)
      }
    }
  }
}
