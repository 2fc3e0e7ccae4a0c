import Hummingbird
import HummingbirdTLS
import Logging
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Telemetry

/// The HTTP server for people and scrapers: `/metrics`, `/debug/decisions` and the dashboard.
struct AdminServer: Service {
  let host: String
  let port: Int
  let registry: MetricsRegistry
  let decisions: DecisionLog
  /// Nil without a dashboard.
  let dashboard: Dashboard?
  /// Nil lets everybody read.
  let authorizer: (any MetricsAuthorizer)?
  /// Nil for plain text.
  let tls: TLSConfiguration?
  let group: MultiThreadedEventLoopGroup
  /// Called once the server listens.
  let onRunning: @Sendable () -> Void
  let logger: Logger

  func run() async throws {
    let router = Router()
    if let authorizer {
      router.add(middleware: AuthorizationMiddleware(authorizer: authorizer, logger: logger))
    }
    router.get("metrics") { [registry] request, _ in
      let format = ExpositionFormat.preferred(accept: request.headers[.accept])
      return Self.answer(request, registry.exposition(format), format.contentType)
    }
    router.get("debug/decisions") { [decisions] request, _ in
      Self.answer(request, decisions.lines, "application/x-ndjson")
    }
    if let dashboard { Self.add(dashboard, to: router) }
    let application = Application(
      router: router,
      server: try tls.map { try .tls(tlsConfiguration: $0) } ?? .http1(),
      configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "epp"),
      onServerRunning: { [onRunning] _ in onRunning() },
      eventLoopGroupProvider: .shared(group),
      logger: logger)
    try await application.run()
  }

  private static func add(_ dashboard: Dashboard, to router: Router<BasicRequestContext>) {
    router.get("/") { request, _ in
      var response = answer(request, Dashboard.page, "text/html; charset=utf-8")
      // Nothing of the page comes from anywhere else, and nobody else may show it.
      response.headers[.contentSecurityPolicy] =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        + "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
      response.headers[.xContentTypeOptions] = "nosniff"
      return response
    }
    router.get("debug/state") { request, _ in
      let after = request.uri.queryParameters.get("after").flatMap { UInt64($0) } ?? 0
      guard let state = dashboard.state(ofPool: pool(request), decisionsAfter: after) else {
        throw HTTPError(.notFound)
      }
      return answer(request, state, "application/json")
    }
    router.get("debug/config") { request, _ in
      guard let document = dashboard.configuration(ofPool: pool(request)) else { throw HTTPError(.notFound) }
      return answer(request, Array(document.utf8), "application/yaml")
    }
  }

  /// The pool that a page is about; nil for the first.
  private static func pool(_ request: Request) -> String? { request.uri.queryParameters.get("pool") }

  private static func answer(_ request: Request, _ bytes: [UInt8], _ contentType: String) -> Response {
    var headers: HTTPFields = [.contentType: contentType, .cacheControl: "no-store", .vary: "accept, accept-encoding"]
    var bytes = bytes
    if ContentCoding.acceptsGzip(request.headers[.acceptEncoding]), let compressed = ContentCoding.gzip(bytes) {
      headers[.contentEncoding] = "gzip"
      bytes = compressed
    }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
