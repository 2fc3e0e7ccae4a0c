import Endpoints
import Logging
import ModelServerMetrics
import Scheduling
import ServiceLifecycle

/// Puts endpoints into the pool's table and tells everyone who keeps something for an endpoint.
struct EndpointSource: Service {
  /// Endpoints given by flag.
  let given: [EndpointDescriptor]?
  /// The file to read; nil without.
  let file: FileDiscovery?
  let pool: CurrentPool
  let scrapers: ScraperPool?
  let logger: Logger

  /// Fills the table for the first time.
  /// - Throws: ``ProcessError`` when the file cannot be read.
  func load() throws {
    if let given { apply(given) }
  }

  func run() async throws {
    try? await gracefulShutdown()
  }

  private func apply(_ descriptors: [EndpointDescriptor]) {
    let pool = pool.value
    let changes = pool.endpoints.replaceAll(with: descriptors)
    for endpoint in changes.removed {
      for (_, producer) in pool.plugins.plugins(ApproximatePrefixCacheProducer.self) {
        producer.endpointRemoved(endpoint)
      }
    }
    scrapers?.update(endpoints: pool.endpoints.snapshot())
    guard !changes.isEmpty || !changes.refused.isEmpty else { return }
    logger.info(
      "endpoints changed",
      metadata: [
        "added": "\(changes.added.map(\.addressText))", "updated": "\(changes.updated.map(\.addressText))",
        "removed": "\(changes.removed.map(\.addressText))", "refused": "\(changes.refused)",
      ])
  }
}
