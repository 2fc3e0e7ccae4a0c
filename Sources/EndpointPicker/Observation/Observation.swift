import Endpoints
import GRPC
import ModelServerMetrics
import NIOCore
import NIOPosix
import PickerConfiguration
import Scheduling
import Telemetry

/// Puts together what can be observed of the process: collectors, gauges, probes and the dashboard.
struct Observation {
  let options: ProcessOptions
  let registry: MetricsRegistry
  let metrics: ReferenceMetrics
  let own: PickerMetrics
  let pool: CurrentPool
  let scrapers: ScraperPool?
  let services: PluginServices
  let server: GRPCServer
  let decisions: DecisionLog
  let decisionFile: DecisionFile?
  private let saturation: SaturationProbe

  init(
    options: ProcessOptions, registry: MetricsRegistry, metrics: ReferenceMetrics, own: PickerMetrics,
    pool: CurrentPool, scrapers: ScraperPool?, services: PluginServices, server: GRPCServer, decisions: DecisionLog,
    decisionFile: DecisionFile?
  ) {
    self.options = options
    self.registry = registry
    self.metrics = metrics
    self.own = own
    self.pool = pool
    self.scrapers = scrapers
    self.services = services
    self.server = server
    self.decisions = decisions
    self.decisionFile = decisionFile
    saturation = SaturationProbe(pool: pool, clock: .system)
  }

  /// The gauges that are refreshed by time rather than by scrapes.
  var poolGauges: PoolGauges {
    PoolGauges(
      table: pool.value.endpoints, series: metrics.poolSeries(name: options.poolName),
      staleness: options.metricsStalenessThreshold.inSeconds)
  }

  /// The page for people.
  var dashboard: Dashboard {
    Dashboard(
      source: DashboardSource(
        poolName: options.poolName, staleness: options.metricsStalenessThreshold.inSeconds, registry: registry,
        pool: pool, scrapers: scrapers, services: services, server: server,
        maximumBufferedBytes: options.maxBufferedBytes, saturation: saturation, decisionFile: decisionFile,
        clock: .system),
      decisions: decisions)
  }

  /// Registers everything that is computed at scrapes.
  func register() {
    let build = BuildInformation.current
    metrics.recordInfo(commit: build.commit, buildReference: build.reference)
    registry.register(ProcessCollector())
    registry.register(
      ServerCollector(server: server, pool: pool, services: services, decisionFile: decisionFile))
    registerPoolCollectors()
    registerScrapeCollectors()
    if pool.value.flow != nil { registry.register(FlowCapacityCollector(pool: pool, name: options.poolName)) }
    let saturationSeries = metrics.poolSaturationSeries(pool: options.poolName)
    registry.onScrape { [pool, services, metrics, registry, saturation] in
      saturationSeries.set(saturation.saturation(), on: registry.sharedShard)
      // The older name has no labels: its value is the sum over all indexes.
      var total = 0
      for (instance, _) in pool.value.plugins.plugins((any PrefixMatchSource).self) {
        guard let index = services.allPrefixIndexes[instance.name] ?? services.allPrefixIndexes[instance.type] else {
          continue
        }
        let count = index.entryCount
        total += count
        metrics.setPrefixIndexerSize(count, total: total, pluginType: instance.type, pluginName: instance.name)
      }
    }
  }

  private func registerPoolCollectors() {
    registry.register(HealthCollector(pool: pool))
    let name = options.poolName
    registry.register(
      PoolQueueCollector(includesOlderNames: options.exposesOlderMetricNames) { [pool] in
        let table = pool.value.endpoints
        return (
          name,
          table.snapshot().endpoints.map { endpoint in
            let queue = table.value(.waitingQueueSize, slot: endpoint.slot)
            return PoolQueueCollector.Sample(
              endpoint: endpoint.id.name, queueSize: queue.isFinite ? Int(queue) : 0)
          }
        )
      })
    registry.register(
      InFlightCollector { [pool] in
        let pool = pool.value
        let producer = pool.plugins.plugins(InFlightLoadProducer.self).first?.instance.name
        return (
          producer ?? "inflight-load-producer",
          pool.endpoints.snapshot().endpoints.map { endpoint in
            InFlightCollector.Sample(
              endpoint: endpoint.id.name, namespace: endpoint.id.namespace,
              requests: pool.endpoints.inFlightRequests(slot: endpoint.slot),
              tokens: pool.endpoints.inFlightTokens(slot: endpoint.slot))
          }
        )
      })
  }

  private func registerScrapeCollectors() {
    guard let scrapers else { return }
    registry.register(ScrapeCollector(scrapers: scrapers, pool: pool, clock: .system))
    registry.register(
      DataLayerCollector(includesOlderNames: options.exposesOlderMetricNames) {
        let totals = scrapers.totals
        return [
          DataLayerCollector.Sample(
            sourceType: "metrics-data-source", extractorType: "core-metrics-extractor", pollErrors: totals.failed,
            extractErrors: totals.incomplete)
        ]
      })
  }

  /// Measures the event loops' lag until the probes are stopped.
  func startProbes(on group: any EventLoopGroup) -> [LoopLagProbe] {
    group.makeIterator().enumerated().map { number, eventLoop in
      let probe = LoopLagProbe(
        eventLoop, cell: own.loopLag.cell([String(number)]), shard: registry.shard(forEventLoop: number))
      probe.start()
      return probe
    }
  }
}
