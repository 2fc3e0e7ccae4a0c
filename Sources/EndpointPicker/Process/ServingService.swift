import GRPC
import Logging
import ModelServerMetrics
import NIOCore
import ServiceLifecycle

/// Keeps the gRPC servers up until the process is asked to stop, then lets open streams finish.
struct ServingService: Service {
  let server: GRPCServer
  let healthServer: GRPCServer
  let health: HealthStatus
  let scrapers: ScraperPool?
  /// Between saying not to be ready and turning streams away, so that proxies notice in time.
  let drainDelay: Duration
  let drainTimeout: Duration
  let logger: Logger

  func run() async throws {
    try? await gracefulShutdown()
    health.startDraining()
    if drainDelay > .zero {
      logger.info("not ready any more", metadata: ["delay": "\(drainDelay)"])
      try? await Task.sleep(for: drainDelay)
    }
    logger.info("draining", metadata: ["connections": "\(server.connectionCount)", "timeout": "\(drainTimeout)"])
    await server.shutDownGracefully(timeout: .nanoseconds(Int64(drainTimeout.inSeconds * 1e9)))
    await scrapers?.shutdown()
    await healthServer.shutDownGracefully(timeout: .milliseconds(200))
  }
}
