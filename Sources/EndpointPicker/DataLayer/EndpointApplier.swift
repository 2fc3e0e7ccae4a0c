import Endpoints
import Logging
import ModelServerMetrics
import Scheduling

/// Changes the set of a pool's endpoints and tells everyone who keeps something for an endpoint.
///
/// Any thread; callers that come at the same time wait for each other.
struct EndpointApplier: Sendable {
  let pool: CurrentPool
  let scrapers: ScraperPool?
  /// nil when nobody hears of the servers' caches.
  let cacheEvents: CacheEventService?
  let logger: Logger
  private let turn = Turn()

  init(pool: CurrentPool, scrapers: ScraperPool?, cacheEvents: CacheEventService?, logger: Logger) {
    self.pool = pool
    self.scrapers = scrapers
    self.cacheEvents = cacheEvents
    self.logger = logger
  }

  /// Endpoints named in one line of the log.
  private static let loggedNames = 8

  /// These are all endpoints there are.
  func replaceAll(with descriptors: [EndpointDescriptor]) {
    turn.take {
      let pool = pool.value
      tell(pool.endpoints.replaceAll(with: descriptors), pool)
    }
  }

  /// Some endpoints are new, changed or gone.
  func update(upserting descriptors: [EndpointDescriptor], removing ids: [EndpointID]) {
    turn.take {
      let pool = pool.value
      tell(pool.endpoints.update(upserting: descriptors, removing: ids), pool)
    }
  }

  private func tell(_ changes: EndpointChanges, _ pool: PoolState) {
    if !changes.removed.isEmpty {
      for instance in pool.plugins.instances {
        guard let observer = instance.plugin as? any EndpointObserver else { continue }
        for endpoint in changes.removed { observer.endpointRemoved(endpoint) }
      }
    }
    scrapers?.update(changes, to: pool.endpoints.snapshot())
    if !changes.isEmpty { cacheEvents?.poolChanged() }
    guard !changes.isEmpty || !changes.refused.isEmpty else { return }
    logger.info(
      "endpoints changed",
      metadata: [
        "added": Self.names(changes.added), "updated": Self.names(changes.updated),
        "removed": Self.names(changes.removed), "refused": "\(changes.refused.prefix(Self.loggedNames))",
      ])
  }

  private static func names(_ endpoints: [Endpoint]) -> Logger.MetadataValue {
    let shown = endpoints.prefix(loggedNames).map(\.addressText)
    let more = endpoints.count - shown.count
    return "\(shown)\(more > 0 ? " and \(more) more" : "")"
  }
}
