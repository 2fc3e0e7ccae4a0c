import EndpointPicker
import Hummingbird
import Logging
import NIOEmbedded
import Testing

/// What readers of the metrics port get when somebody decides about them.
@Suite struct AuthorizationMiddlewareTests {
  /// Knows a few tokens.
  private struct Doorkeeper: MetricsAuthorizer {
    func authorize(token: String?, method: String, path: String) async -> MetricsAuthorization {
      switch token {
      case "reader": path == "/metrics" && method == "get" ? .allowed : .forbidden
      case "broken": .failed("the API server is down")
      default: .unauthenticated
      }
    }
  }

  private func status(path: String = "/metrics", authorization: String?) async throws -> (Int, HTTPFields) {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let router = Router()
    router.add(middleware: AuthorizationMiddleware(authorizer: Doorkeeper(), logger: logger))
    for path in ["/metrics", "/debug/state"] {
      router.get(RouterPath(path)) { _, _ in Response(status: .ok) }
    }
    var head = HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: path)
    head.headerFields[.authorization] = authorization
    let context = BasicRequestContext(
      source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: logger))
    let response = try await router.buildResponder().respond(
      to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), context: context)
    return (Int(response.status.code), response.headers)
  }

  @Test(
    arguments: [
      (nil, 401), ("", 401), ("Basic cmVhZGVy", 401), ("Bearer ", 401), ("Bearer nobody", 401), ("Bearer reader", 200),
      ("bearer  reader", 200), ("Bearer broken", 500),
    ] as [(String?, Int)])
  func statusSaysWhoAsks(authorization: String?, expected: Int) async throws {
    let (status, headers) = try await status(authorization: authorization)
    #expect(status == expected)
    #expect((headers[.wwwAuthenticate] == "Bearer") == (expected == 401))
  }

  @Test func otherPathsAreAskedAboutToo() async throws {
    #expect(try await status(path: "/debug/state", authorization: "Bearer reader").0 == 403)
  }
}
