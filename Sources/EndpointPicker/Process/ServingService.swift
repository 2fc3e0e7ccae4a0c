import GRPC
import Logging
import NIOCore
import ServiceLifecycle

/// Keeps the gRPC servers up until the process is asked to stop, then lets open streams finish.
struct ServingService: Service {
  let server: GRPCServer
  let healthServer: GRPCServer
  let health: HealthStatus
  let directory: PoolDirectory
  /// Turns away the requests that wait in queues.
  let turnAway: @Sendable () -> Void
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
    let lastCall = Task { [turnAway, drainTimeout] in
      // Requests still in a queue near the end are told so rather than cut off.
      try await Task.sleep(for: drainTimeout * 0.9)
      turnAway()
    }
    await server.shutDownGracefully(timeout: .nanoseconds(Int64(drainTimeout.inSeconds * 1e9)))
    lastCall.cancel()
    for pool in directory.pools { await pool.scrapers?.shutdown() }
    await healthServer.shutDownGracefully(timeout: .milliseconds(200))
  }
}
