import Endpoints
import Logging
import NIOCore

/// Keeps the values of all endpoints of a table fresh by scraping their model servers.
///
/// Each endpoint is scraped by one event loop of the group over one kept connection. Must be shut down before the group
/// is. All methods may be called on any thread.
package final class ScraperPool: Sendable {
  private let context: ScrapeContext
  private let loops: [ScrapeLoop]

  /// Creates a pool without endpoints and makes columns for the custom metrics.
  ///
  /// - Parameters:
  ///   - table: where values are stored.
  ///   - adapters: where LoRA adapters are stored.
  ///   - restarted: is told, on any event loop, of endpoints whose servers began anew.
  /// - Throws: ``ScrapeConfigurationError`` naming the field that cannot be used.
  package init(
    table: EndpointTable, adapters: AdapterStore, extractor: CoreMetricsExtractor, configuration: ScrapeConfiguration,
    group: any EventLoopGroup, clock: MonotonicClock = .system, logger: Logger,
    restarted: @escaping @Sendable (Endpoint) -> Void = { _ in }
  ) throws(ScrapeConfigurationError) {
    try configuration.validate()
    var columns: [ColumnID] = []
    for (index, metric) in extractor.customMetrics.enumerated() {
      guard let column = table.column(named: metric.attributeKey) else {
        throw .init(field: "customMetrics[\(index)].attributeKey", reason: "too many attributes of endpoints")
      }
      columns.append(column)
    }
    let context = ScrapeContext(
      table: table, adapters: adapters, extractor: extractor, customColumns: columns, configuration: configuration,
      clock: clock, logger: logger, restarted: restarted)
    let eventLoops = Array(group.makeIterator())
    self.context = context
    self.loops = eventLoops.enumerated().map { index, eventLoop in
      ScrapeLoop(eventLoop: eventLoop, index: index, loopCount: eventLoops.count, context: context)
    }
  }

  /// Makes the set of scraped endpoints this one. Takes effect soon after the call; of several sets the one with the
  /// greatest version wins.
  package func update(endpoints: EndpointSnapshot) {
    for loop in loops { loop.eventLoop.execute { loop.update(endpoints) } }
  }

  /// Follows one change of the set of scraped endpoints, which led to `snapshot`. Costs what changed, not what there is.
  package func update(_ changes: EndpointChanges, to snapshot: EndpointSnapshot) {
    for loop in loops { loop.eventLoop.execute { loop.update(changes, to: snapshot) } }
  }

  /// Stops scraping and closes all connections. Later updates are ignored.
  package func shutdown() async {
    for loop in loops {
      // Fails only when the event loop is gone, and everything on it with it.
      try? await loop.eventLoop.flatSubmit { loop.shutDown() }.get()
    }
  }

  /// Counts over all endpoints.
  package var totals: ScrapeTotals { context.counters.totals }

  /// How the scraping of an endpoint goes; nil if it is not scraped.
  package func status(of id: EndpointID) -> ScrapeStatus? { context.records.withLock { $0[id] }?.status }

  /// How the scraping of every endpoint goes.
  package func statuses() -> [EndpointID: ScrapeStatus] {
    context.records.withLock { $0 }.mapValues(\.status)
  }

  /// The specs of the fields that the endpoint's last page lacked, for messages.
  package func describe(_ missing: ModelServerFields, of endpoint: Endpoint) -> String {
    context.extractor.plan(forLabels: endpoint.labels).describe(missing)
  }
}
