import AsyncHTTPClient
import Kubernetes
import Logging
import NIOCore
import ServiceLifecycle
import Telemetry

/// Brings pools into service and takes them out again, with what all pools share.
struct PoolOpener: Sendable {
  /// A pool in service and what keeps it up to date.
  struct Opened: Sendable {
    let pool: ServedPool
    let services: [any Service]
  }

  let directory: PoolDirectory
  let readiness: PoolReadiness
  let options: ProcessOptions
  let metrics: ReferenceMetrics
  let loops: LoopContexts
  /// The event loops of requests, which scrape too.
  let group: any EventLoopGroup
  /// Where everything else runs.
  let background: any EventLoopGroup
  /// nil when no pool is followed in Kubernetes.
  let kubernetes: KubernetesAccess?
  /// Sends what plugins report; nil when plugins report nothing.
  let client: HTTPClient?
  let logger: Logger

  /// Reads the first endpoints of a pool and lets streams begin with it.
  /// - Throws: ``ProcessError`` when a file cannot be read.
  func open(_ runtime: PoolRuntime) async throws -> Opened {
    let cacheEvents = runtime.cacheEvents()
    try await cacheEvents?.listen()
    do {
      return try open(runtime, cacheEvents)
    } catch {
      await cacheEvents?.shutDown()
      throw error
    }
  }

  private func open(_ runtime: PoolRuntime, _ cacheEvents: CacheEventService?) throws -> Opened {
    let name = runtime.name
    let scrapers = try runtime.scrapers(on: group)
    readiness.set(.awaited, of: name)
    let observer = PoolUpdates(
      synced: { [readiness] in readiness.setSynced($0, of: name) },
      changed: { [readiness, directory] pool in
        readiness.set(pool == nil ? .absent : .found, of: name)
        // Of a pool that was deleted the name stays known: its streams are refused as those of an empty pool.
        guard let pool else { return }
        directory.setReference(pool.pickerService.map { .init(service: $0, port: pool.pickerPort) }, of: name)
      })
    let sources = try runtime.sources(
      scrapers: scrapers, cacheEvents: cacheEvents, kubernetes: kubernetes, updates: observer, background: background)
    if !runtime.followsKubernetes { readiness.set(.synced, of: name) }
    let pool = ServedPool(
      name: name, current: runtime.current, scrapers: scrapers, cacheEvents: cacheEvents, services: runtime.services,
      reloads: runtime.reloads,
      reload: {
        runtime.reloader?.reload()
        sources.endpoints.reload()
        sources.policies?.reload()
        sources.certificates?.reload()
      },
      saturation: SaturationProbe(pool: runtime.current, clock: .system),
      gauges: PoolGauges(
        pool: runtime.current, series: metrics.poolSeries(name: name),
        staleness: options.metricsStalenessThreshold.inSeconds))
    directory.add(pool)
    var services: [any Service] = [sources.endpoints]
    if let policies = sources.policies { services.append(policies) }
    if let models = sources.models { services.append(models) }
    if let cacheEvents { services.append(cacheEvents) }
    if let watching = sources.watching { services.append(watching) }
    if let certificates = sources.certificates { services.append(certificates) }
    if let watch = runtime.watch { services.append(watch) }
    // A configuration that is read again may have such plugins later.
    if let client {
      services.append(ReportService(reporters: { runtime.reporters }, client: client, logger: logger))
    }
    return Opened(pool: pool, services: services)
  }

  /// Takes a pool out of service, after everything that kept it up to date has ended. Streams that began with it go on.
  func close(_ pool: ServedPool) async {
    directory.remove(pool.name)
    pool.current.value.flow?.shutDown()
    let table = pool.current.value.endpoints
    let changes = table.close()
    pool.scrapers?.update(changes, to: table.snapshot())
    await pool.scrapers?.shutdown()
    readiness.forget(pool.name)
    directory.clear { metrics.removePool(pool.name) }
    loops.forget(table)
  }
}
