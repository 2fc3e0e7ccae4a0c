import Discovery
import Endpoints
import FoundationEssentials
import Logging
import ModelServerMetrics
import NIOCore
import PickerConfiguration
import RequestPolicies
import Scheduling

/// What belongs to one pool: its configuration and plugins, its endpoints and what is known of them, its policies, and
/// where all these come from.
///
/// Servers, metrics, event loops and the lease belong to the process.
struct PoolRuntime {
  /// The pool's name, as metrics show it.
  let name: String
  let config: EndpointPickerConfig
  let services: PluginServices
  /// The state that streams begin with.
  let current: CurrentPool
  /// Whether the endpoints are found in Kubernetes.
  let followsKubernetes: Bool
  /// Puts the configuration in force again; nil when it is not in a file.
  let reloader: ConfigurationReloader?
  /// Follows the configuration file; nil when it is not followed.
  let watch: ConfigurationWatch?
  /// How reading the pool's files again went.
  let reloads: ReloadRecord
  private let options: ProcessOptions
  private let plan: DataLayerPlan
  private let policies = RequestPolicyStore()
  private let logger: Logger

  /// Loads the pool's configuration.
  /// - Parameter reloads: learns of files that are read again.
  /// - Throws: `ConfigurationError` with every problem found, or ``ProcessError``.
  init(_ options: ProcessOptions, registry: PluginRegistry, reloads: ReloadRecord, logger: Logger) throws {
    var poller: FilePoller?
    if case .file(let path) = options.configuration { poller = ConfigurationWatch.poller(path: path) }
    services = PluginServices(environment: ProcessInfo.processInfo.environment)
    let setup = try PickerSetup(options, registry: registry, services: services)
    for warning in setup.plugins.warnings { logger.warning("configuration: \(warning)") }
    self.options = options
    self.logger = logger
    name = options.poolName
    config = setup.config
    plan = setup.plan
    followsKubernetes = options.endpoints == nil && plan.discovery == nil
    guard !followsKubernetes || options.kubernetes != nil else {
      throw ProcessError(
        "no source of endpoints: give --pool-name, --pool-selector or --endpoint-selector to find them in Kubernetes, --endpoints, "
          + "or a file-discovery plugin as dataLayer.discovery")
    }
    current = CurrentPool(
      PoolState(
        name: options.poolName, endpoints: setup.table, plugins: setup.plugins, policies: policies,
        followsSubset: options.followsSubset, document: config.effectiveDocument(parameters: [:]).yaml),
      maxBufferedBytes: options.pools.isSeveral ? options.pools.maxBufferedBytes : nil)
    self.reloads = reloads
    guard let poller else {
      (reloader, watch) = (nil, nil)
      return
    }
    let reloader = ConfigurationReloader(
      options, registry: registry, services: services, setup: setup, pool: current, record: reloads, logger: logger)
    self.reloader = reloader
    watch = options.reloadsConfiguration ? ConfigurationWatch(reloader, poller: poller) : nil
  }

  /// The API server that the pool is followed at; nil when its endpoints come from elsewhere.
  var kubernetes: KubernetesOptions? { followsKubernetes ? options.kubernetes : nil }

  /// The plugins that tell other processes something from time to time.
  var reporters: [(instance: PluginInstance, plugin: any PeriodicReporter)] {
    current.value.plugins.plugins((any PeriodicReporter).self)
  }

  /// Whether event loops must be able to ask other processes for this pool, now or with another configuration.
  var makesInquiries: Bool {
    reloader != nil || current.value.plugins.scheduler.makesInquiries || !reporters.isEmpty
  }

  /// Makes what scrapes the endpoints; nil when nothing does.
  func scrapers(on group: any EventLoopGroup) throws -> ScraperPool? {
    try plan.scrape.map { configuration in
      try ScraperPool(
        table: current.value.endpoints, adapters: services.adapters, extractor: plan.extractor,
        configuration: configuration, group: group, logger: logger,
        restarted: { [current] endpoint in
          for case let observer as any EndpointObserver in current.value.plugins.instances.map(\.plugin) {
            observer.endpointRestarted(endpoint)
          }
        })
    }
  }

  /// Makes what hears of the servers' caches; nil when nobody wants to know.
  func cacheEvents() -> CacheEventService? {
    CacheEventService(current.value.plugins, table: current.value.endpoints, logger: logger)
  }

  /// Reads the first endpoints and policies, and makes what keeps them up to date.
  /// - Parameters:
  ///   - kubernetes: where the pool is followed, if it is.
  ///   - updates: told how the pool fares there.
  ///   - background: where everything runs that is not for requests.
  /// - Throws: ``ProcessError`` when a file cannot be read.
  func sources(
    scrapers: ScraperPool?, cacheEvents: CacheEventService?, kubernetes: KubernetesAccess?, updates: PoolUpdates,
    background: any EventLoopGroup
  ) throws -> PoolSources {
    let applier = EndpointApplier(pool: current, scrapers: scrapers, cacheEvents: cacheEvents, logger: logger)
    let endpoints = EndpointSource(
      given: options.endpoints, file: plan.discovery, applier: applier, reloads: reloads, logger: logger)
    try endpoints.load()
    let policySource = options.policyFile.map { path in
      PolicySource(path: path, pool: options.policyPool, store: policies, reloads: reloads, logger: logger)
    }
    try policySource?.load()
    let modelPoller = plan.models.map { source in
      ModelPoller(
        source: source, table: current.value.endpoints, models: services.servedModels, eventLoop: background.next(),
        logger: logger)
    }
    let watching =
      followsKubernetes
      ? kubernetes?.watching(
        name, observer: KubernetesPool(endpoints: applier, policies: policies, updates: updates), logger: logger) : nil
    let certificates =
      plan.tls.isEmpty ? nil : ModelServerCertificates(plan.tls, reloads: reloads, logger: logger)
    return PoolSources(
      endpoints: endpoints, policies: policySource, models: modelPoller, certificates: certificates, watching: watching)
  }
}
