import InferenceAPI
import Testing

/// Which parser reads which path when several are configured, as by default.
@Suite struct ParserRoutingTests {
  private static let all: [any RequestParser] = [
    OpenAIParser(), AnthropicParser(), VLLMHTTPParser(), SGLangHTTPParser(), VLLMGRPCParser(),
  ]

  private func choice(_ parsers: [any RequestParser], _ path: String) -> String? {
    withPadded(Array(path.utf8)) { RequestParserRegistry(parsers).parser(for: $0)?.name }
  }

  private static let paths: [(String, String?)] = [
    ("/v1/chat/completions", "openai-parser"),
    ("/v1/chat/completions/render?x=/v1/messages", "openai-parser"),
    ("/a/b/v1/completions/", "openai-parser"),
    ("/v1/completions/render", "openai-parser"),
    ("/v1/responses", "openai-parser"),
    ("/v1/conversations", "openai-parser"),
    ("/v1/embeddings", "openai-parser"),
    ("/v1/images/generations", "openai-parser"),
    ("/v1/messages", "anthropic-parser"),
    ("/proxy/v1/messages/count_tokens", "anthropic-parser"),
    ("/inference/v1/generate", "vllmhttp-parser"),
    ("/generate", "sglanghttp-parser"),
    ("/vllm.grpc.engine.VllmEngine/Generate", "vllmgrpc-parser"),
    ("/vllm.grpc.engine.VllmEngine/HealthCheck", "vllmgrpc-parser"),
    ("/v1/audio/transcriptions", nil),
    ("/v1/threads/t/messages", nil),
    ("/", nil),
  ]

  @Test(arguments: paths)
  func theEndOfThePathChooses(path: String, parser: String?) {
    #expect(choice(Self.all, path) == parser)
    #expect(choice(Self.all + [PassthroughParser()], path) == parser ?? "passthrough-parser")
  }

  @Test func everyClaimIsReadByItsClaimant() {
    for parser in Self.all {
      for suffix in parser.pathSuffixes {
        #expect(suffix.hasPrefix("/"))
        do {
          _ = try parse("{}", path: "/prefix" + suffix, parser: parser)
        } catch {
          #expect(!error.message.contains("unsupported"))
        }
      }
    }
  }

  @Test func namesAreTheTypesOfTheConfiguration() {
    #expect(
      Self.all.map(\.name)
        == ["openai-parser", "anthropic-parser", "vllmhttp-parser", "sglanghttp-parser", "vllmgrpc-parser"])
  }

  @Test func onlyBodiesThatNameTheirModelCanBeRewritten() throws {
    func field(_ body: String, _ path: String, _ parser: some RequestParser) throws -> ModelField {
      try withPadded(Array(body.utf8)) { body throws(RequestError) in
        try withPadded(Array(path.utf8)) { path throws(RequestError) in
          try parser.parse(body: body, path: path, context: RequestParsingContext()).modelField
        }
      }
    }
    #expect(try field(#"{"model":"m","prompt":"x"}"#, "/v1/completions", OpenAIParser()) == .jsonMember)
    #expect(try field(#"{"model":"m","messages":[{}]}"#, "/v1/messages", AnthropicParser()) == .jsonMember)
    #expect(try field(#"{"model":"m","token_ids":[1]}"#, "/inference/v1/generate", VLLMHTTPParser()) == .jsonMember)
    #expect(try field(#"{"token_ids":[1]}"#, "/inference/v1/generate", VLLMHTTPParser()) == .none)
    #expect(try field(#"{"text":"x","model":"m"}"#, "/generate", SGLangHTTPParser()) == .none)
    #expect(try field("x", "/x", PassthroughParser()) == .none)
  }
}
