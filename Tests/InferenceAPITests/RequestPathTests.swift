import InferenceAPI
import Testing

@Suite struct RequestPathTests {
  private struct NamedParser: RequestParser {
    let name: String
    let pathSuffixes: [String]

    func parse(
      body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
    ) throws(RequestError) -> InferenceRequest {
      throw RequestError(code: .internalError, message: name)
    }
  }

  private func choice(_ registry: RequestParserRegistry, _ path: String) -> String? {
    withPadded(Array(path.utf8)) { registry.parser(for: $0)?.name }
  }

  @Test(arguments: [
    ("/v1/chat/completions", InferenceRequest.API.chatCompletions),
    ("/v1/chat/completions/", .chatCompletions),
    ("/v1/chat/completions?x=/v1/completions", .chatCompletions),
    ("/tenant/a/v1/chat/completions/render", .chatCompletions),
    ("/v1/completions", .completions),
    ("/v1/completions/?x=y", .completions),
    ("/v1/other", .completions),
    ("/", .completions),
    ("", .completions),
    ("/v1/chat-completions", .completions),
  ])
  func theEndOfThePathNamesTheAPI(path: String, api: InferenceRequest.API) throws {
    #expect(try parse(#"{"model":"m","prompt":"x","messages":[{"role":"user"}]}"#, path: path).api == api)
  }

  @Test func headersAreTriedInOrder() {
    func resolve(_ path: String?, _ original: String?, _ forwarded: String?) -> String {
      let headers = [path, original, forwarded].map { $0.map { Array($0.utf8) } ?? [] }
      return headers[0].withUnsafeBytes { path in
        headers[1].withUnsafeBytes { original in
          headers[2].withUnsafeBytes { forwarded in
            let resolved = RequestPath.resolve(path: path, originalPath: original, forwardedPath: forwarded)
            return String(decoding: resolved, as: UTF8.self)
          }
        }
      }
    }
    #expect(resolve("/a", "/b", "/c") == "/a")
    #expect(resolve(nil, "/b", "/c") == "/b")
    #expect(resolve("", nil, "/c") == "/c")
    #expect(resolve(nil, nil, nil) == "/v1/completions")
  }

  @Test func theLongestClaimWinsAndThenTheFallback() {
    let registry = RequestParserRegistry([
      NamedParser(name: "short", pathSuffixes: ["/completions"]),
      NamedParser(name: "any", pathSuffixes: []),
      NamedParser(name: "long", pathSuffixes: ["/x", "/chat/completions"]),
      NamedParser(name: "late", pathSuffixes: ["/completions"]),
    ])
    #expect(choice(registry, "/v1/completions?a=b") == "short")
    #expect(choice(registry, "/v1/chat/completions/") == "long")
    #expect(choice(registry, "/x") == "long")
    #expect(choice(registry, "/v1/models") == "any")
  }

  @Test func aSingleParserTakesEverything() {
    #expect(choice(RequestParserRegistry([OpenAIParser()]), "/v1/models") == "openai-parser")
  }

  @Test func aPathThatNobodyClaimsIsRefused() {
    let registry = RequestParserRegistry([
      NamedParser(name: "a", pathSuffixes: ["/a"]), NamedParser(name: "b", pathSuffixes: ["/b"]),
    ])
    #expect(choice(registry, "/c") == nil)
    #expect(choice(RequestParserRegistry([]), "/c") == nil)
    withPadded(Array("/v1/c".utf8)) { path in
      #expect(
        throws: RequestError(code: .badRequest, message: "no parser registered matching path suffix for: /v1/c")
      ) {
        _ = try registry.parse(body: path, path: path, context: RequestParsingContext())
      }
    }
  }

  @Test func passthroughTakesAnyBytes() throws {
    let request = try parse([0xFF, 0x00], path: "/anything", parser: PassthroughParser())
    #expect(request.api == .passthrough)
    #expect(request.model == nil)
    #expect(request.prompts.isEmpty)
    #expect(PassthroughParser().pathSuffixes.isEmpty)
  }
}
