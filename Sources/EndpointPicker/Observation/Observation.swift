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
  let directory: PoolDirectory
  let server: GRPCServer
  let decisions: DecisionLog
  let decisionFile: DecisionFile?
  /// Whether requests may wait in queues.
  let includesFlowControl: Bool

  /// The page for people.
  var dashboard: Dashboard {
    Dashboard(directory: directory, decisions: decisions) { [self] pool in
      DashboardSource(
        pool: pool, staleness: options.metricsStalenessThreshold.inSeconds, registry: registry, server: server,
        maximumBufferedBytes: options.maxBufferedBytes, decisionFile: decisionFile, clock: .system)
    }
  }

  /// Registers everything that is computed at scrapes.
  func register() {
    let build = BuildInformation.current
    metrics.recordInfo(commit: build.commit, buildReference: build.reference)
    registry.register(ProcessCollector())
    registry.register(ServerCollector(server: server, directory: directory, decisionFile: decisionFile))
    registerPoolCollectors()
    registerScrapeCollectors()
    if includesFlowControl { registry.register(FlowCapacityCollector(directory)) }
    registry.register(CacheEventCollector { [directory] in directory.pools.flatMap { $0.cacheEvents?.feeds ?? [] } })
    registry.onScrape { [directory, metrics, registry] in
      directory.observe { pools in
        for pool in pools {
          metrics.poolSaturationSeries(pool: pool.name).set(pool.saturation.saturation(), on: registry.sharedShard)
        }
        Self.setPrefixIndexSizes(pools, metrics)
      }
    }
  }

  private static func setPrefixIndexSizes(_ pools: [ServedPool], _ metrics: ReferenceMetrics) {
    // Indexes of the same name in several pools are one series, and the older name has no labels at all: both are sums.
    var counts: [(type: String, name: String, count: Int)] = []
    var total = 0
    for pool in pools {
      let indexes = pool.services.allPrefixIndexes
      for (instance, _) in pool.current.value.plugins.plugins((any PrefixMatchSource).self) {
        let index = indexes[instance.name] ?? indexes[instance.type]
        guard let count = index?.entryCount ?? CacheEventService.producer(in: instance)?.holders.count else { continue }
        total += count
        if let known = counts.firstIndex(where: { $0.type == instance.type && $0.name == instance.name }) {
          counts[known].count += count
        } else {
          counts.append((instance.type, instance.name, count))
        }
      }
    }
    for (type, name, count) in counts {
      metrics.setPrefixIndexerSize(count, total: total, pluginType: type, pluginName: name)
    }
  }

  private func registerPoolCollectors() {
    registry.register(HealthCollector(directory: directory))
    registry.register(
      PoolQueueCollector(includesOlderNames: options.exposesOlderMetricNames) { [directory] in
        directory.pools.map { pool in
          let table = pool.current.value.endpoints
          return (
            pool.name,
            table.snapshot().endpoints.map { endpoint in
              let queue = table.value(.waitingQueueSize, slot: endpoint.slot)
              return PoolQueueCollector.Sample(
                endpoint: endpoint.id.name, queueSize: queue.isFinite ? Int(queue) : 0)
            }
          )
        }
      })
    registry.register(
      InFlightCollector { [directory] in
        directory.pools.map { pool in
          let state = pool.current.value
          let producer = state.plugins.plugins(InFlightLoadProducer.self).first?.instance.name
          return (
            producer ?? "inflight-load-producer",
            state.endpoints.snapshot().endpoints.map { endpoint in
              InFlightCollector.Sample(
                endpoint: endpoint.id.name, namespace: endpoint.id.namespace,
                requests: state.endpoints.inFlightRequests(slot: endpoint.slot),
                tokens: state.endpoints.inFlightTokens(slot: endpoint.slot))
            }
          )
        }
      })
  }

  private func registerScrapeCollectors() {
    registry.register(ScrapeCollector(directory: directory, clock: .system))
    registry.register(
      DataLayerCollector(includesOlderNames: options.exposesOlderMetricNames) { [directory] in
        let past = directory.pastScrapes
        let totals = directory.pools.compactMap { $0.scrapers?.totals }
        guard !totals.isEmpty else { return [] }
        return [
          DataLayerCollector.Sample(
            sourceType: "metrics-data-source", extractorType: "core-metrics-extractor",
            pollErrors: totals.reduce(past.failed) { $0 + $1.failed },
            extractErrors: totals.reduce(past.incomplete) { $0 + $1.incomplete })
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
