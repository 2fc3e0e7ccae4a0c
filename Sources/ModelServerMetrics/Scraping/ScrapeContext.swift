import Endpoints
import Logging
import NIOHTTP1
import Synchronization

/// What all scrapers of a pool share.
final class ScrapeContext: Sendable {
  let table: EndpointTable
  let adapters: AdapterStore
  let extractor: CoreMetricsExtractor
  let customColumns: [ColumnID]
  let configuration: ScrapeConfiguration
  let clock: MonotonicClock
  let logger: Logger
  let counters = ScrapeCounters()
  /// Is told of servers that began anew, on an event loop.
  let restarted: @Sendable (Endpoint) -> Void
  let records = Mutex<[EndpointID: ScrapeRecord]>([:])
  /// Seconds.
  let interval: Double
  /// Seconds; 0 when endpoints without requests are scraped like others.
  let idleInterval: Double
  let requestTimeout: Double
  let connectTimeout: Double

  init(
    table: EndpointTable, adapters: AdapterStore, extractor: CoreMetricsExtractor, customColumns: [ColumnID],
    configuration: ScrapeConfiguration, clock: MonotonicClock, logger: Logger,
    restarted: @escaping @Sendable (Endpoint) -> Void
  ) {
    self.table = table
    self.adapters = adapters
    self.extractor = extractor
    self.customColumns = customColumns
    self.configuration = configuration
    self.clock = clock
    self.logger = logger
    self.restarted = restarted
    self.interval = configuration.interval.seconds
    self.idleInterval = configuration.idleInterval?.seconds ?? 0
    self.requestTimeout = configuration.requestTimeout.seconds
    self.connectTimeout = configuration.connectTimeout.seconds
  }

  func requestHead(host: String) -> HTTPRequestHead {
    let path = configuration.path
    return HTTPRequestHead(
      version: .http1_1, method: .GET, uri: path.hasPrefix("/") ? path : "/" + path,
      headers: ["host": host, "user-agent": "epp", "accept": "text/plain"])
  }
}
