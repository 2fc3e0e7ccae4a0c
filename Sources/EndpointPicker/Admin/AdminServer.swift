import Hummingbird
import Logging
import NIOPosix
import ServiceLifecycle
import Telemetry

/// The HTTP server for people and scrapers: `/metrics` and `/debug/decisions`.
struct AdminServer: Service {
  let host: String
  let port: Int
  let registry: MetricsRegistry
  let decisions: DecisionLog
  let group: MultiThreadedEventLoopGroup
  /// Called once the server listens.
  let onRunning: @Sendable () -> Void
  let logger: Logger

  func run() async throws {
    let router = Router()
    router.get("metrics") { [registry] request, _ in
      let format = ExpositionFormat.preferred(accept: request.headers[.accept])
      return Response(
        status: .ok, headers: [.contentType: format.contentType],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: registry.exposition(format))))
    }
    router.get("debug/decisions") { [decisions] _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/x-ndjson"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: decisions.lines)))
    }
    let application = Application(
      router: router,
      configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "epp"),
      onServerRunning: { [onRunning] _ in onRunning() },
      eventLoopGroupProvider: .shared(group),
      logger: logger)
    try await application.run()
  }
}
