import Endpoints
import FoundationEssentials
import GRPC
import Logging
import ModelServerMetrics
import NIOCore
import NIOPosix
import NIOSSL
import PickerConfiguration
import RequestPolicies
import RequestTracing
import Scheduling
import ServiceLifecycle
import Telemetry

/// The whole picker: configuration, data layer, servers.
///
/// Make one and ``run()`` it. Users with plugins of their own add them to a registry first.
public struct EndpointPickerProcess {
  private let options: ProcessOptions
  private let logger: Logger
  private let pools: PoolPlan
  private let reloads = ReloadRecord()

  /// The name that probes of the reference's chart ask for without leader election.
  private static let olderProbeName = "inference-extension"

  /// Loads the configurations.
  /// - Throws: `ConfigurationError` with every problem found, or ``ProcessError``.
  public init(options: ProcessOptions, registry: PluginRegistry = .standard, logger: Logger) throws {
    self.options = options
    self.logger = logger
    pools = try PoolPlan(options, registry: registry, reloads: reloads, logger: logger)
  }

  /// Serves until a termination signal, then drains.
  /// - Throws: when a port cannot be listened on or a certificate cannot be read.
  public func run() async throws {
    let threads = options.threads > 0 ? options.threads : System.coreCount
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let background = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      try await run(group, background, threads: threads)
    } catch {
      try? await group.shutdownGracefully()
      try? await background.shutdownGracefully()
      throw error
    }
    try await group.shutdownGracefully()
    try await background.shutdownGracefully()
  }

  private func run(
    _ group: MultiThreadedEventLoopGroup, _ background: MultiThreadedEventLoopGroup, threads: Int
  ) async throws {
    let registry = MetricsRegistry(eventLoops: threads)
    let metrics = try ReferenceMetrics(
      registry: registry, includesOlderNames: options.exposesOlderMetricNames,
      maximumLabelValues: options.maxMetricLabelValues)
    let own = try PickerMetrics(registry, includesStreams: options.countsStreams)
    let adminCertificate = try AdminCertificate(
      directory: options.metricsCertificateDirectory, clientCAFile: options.metricsClientCAFile, reloads: reloads,
      logger: logger)
    let decisionFile = options.explain.file.isEmpty ? nil : DecisionFile(options: options.explain, logger: logger)
    try decisionFile?.open()
    let decisions = DecisionLog(decisionsPerSecond: options.explain.decisionsPerSecond, file: decisionFile)
    let tracing = options.tracing.map { TracingParts($0, group: background, registry: registry, logger: logger) }
    let flowFamilies =
      pools.usesFlowControl ? try FlowFamilies(metrics, includesOlderNames: options.exposesOlderMetricNames) : nil
    let inquiries = pools.makesInquiries ? InquiryService(group: group) : nil
    var explain = options.explain
    explain.namesPools = pools.isSeveral
    let loops = try await LoopContexts.make(for: group) { [logger, options, explain] number, eventLoop in
      let shard = registry.shard(forEventLoop: number)
      let context = LoopContext(
        maximumBodyBytes: options.maxMessageBytes, clock: .system, metrics: LoopMetrics(metrics, shard: shard),
        instruments: LoopInstruments(
          metrics, own: own, shard: shard, clock: .system, pluginTimingInterval: options.pluginTimingInterval),
        explainer: Explainer(
          options: explain, log: decisions, random: RandomSource(seed: .random(in: 0...UInt64.max))),
        logger: logger, eventLoop: eventLoop,
        seed: options.seed.map { $0 &+ UInt64(number) } ?? .random(in: 0...UInt64.max))
      context.tracer = tracing?.tracer
      context.flow = flowFamilies.map { FlowInstruments($0, shard: shard) }
      context.inquirer = inquiries.map { Inquirer(client: $0.client, eventLoop: eventLoop) }
      return context
    }
    let electsLeader = pools.kubernetes?.electsLeader == true
    // With several pools a name is that of a pool, or is not known.
    let health = HealthStatus(answersOnlyListedNames: electsLeader || pools.isSeveral)
    if pools.isSeveral, !electsLeader { health.setPart(Self.olderProbeName, true) }
    let certificate =
      options.secureServing
      ? try ServerCertificate(
        directory: options.certificateDirectory, options: options.tls, isReloaded: options.reloadsCertificate,
        reloads: reloads, logger: logger) : nil
    let healthServer = GRPCServer(methods: HealthMethods.all(health), logger: logger)
    let readiness = Readiness(health, takes: conditions)
    let directory = PoolDirectory(
      isSeveral: pools.isSeveral, namespace: pools.kubernetes?.namespace ?? KubernetesOptions.defaultNamespace)
    let kubernetes = try pools.kubernetes.map {
      try KubernetesAccess($0, environment: ProcessInfo.processInfo.environment, group: background, logger: logger)
    }
    let poolSet = try await PoolSet(
      pools,
      opener: PoolOpener(
        directory: directory,
        readiness: PoolReadiness(
          readiness, health: pools.isSeveral ? health : nil, names: pools.runtimes.map(\.name),
          awaitsSelection: pools.selection != nil),
        options: options, metrics: metrics, loops: loops, group: group, background: background,
        kubernetes: kubernetes, client: inquiries?.client, logger: logger),
      logger: logger)
    func methods(_ choice: PoolChoice) -> [any GRPCMethod] { self.methods(choice, loops, health) }
    let server = makeServer(methods(directory.choice), certificate)
    let observation = Observation(
      options: options, registry: registry, metrics: metrics, own: own, directory: directory, server: server,
      decisions: decisions, decisionFile: decisionFile, includesFlowControl: flowFamilies != nil)
    observation.register()
    registry.register(ReloadCollector(record: reloads, directory: directory))
    let probes = observation.startProbes(on: group)
    let reviews = try authorizationReviews(background)

    let host = try await listen(server, options.grpcPort, "--grpc-port", group)
    for (name, port) in options.pools.ports.sorted(by: { $0.key < $1.key }) {
      try await listen(server, port, "--pool-port", group, methods(.named(name, directory)))
    }
    try await listen(healthServer, options.healthPort, "--grpc-health-port", background)
    logger.info(
      "serving",
      metadata: [
        "grpc-port": "\(options.grpcPort)", "grpc-health-port": "\(options.healthPort)",
        "metrics-port": "\(options.metricsPort)", "tls": "\(options.secureServing)",
        "endpoints": "\(directory.pools.reduce(0) { $0 + $1.current.value.endpoints.snapshot().endpoints.count })",
        "threads": "\(threads)",
      ])
    let adminServer = AdminServer(
      host: host, port: options.metricsPort, registry: registry, decisions: decisions,
      dashboard: options.showsDashboard ? observation.dashboard : nil,
      authorizer: options.metricsAuthorizer ?? reviews.map { KubernetesAuthorizer(api: $0) },
      tls: adminCertificate?.configuration, group: background,
      // The last listener to come up, at a time when termination signals are handled.
      onRunning: { readiness.set(.listening, true) }, logger: quiet(logger))
    let gauges = GaugeService(
      directory: directory, interval: options.refreshPrometheusMetricsInterval, shard: registry.sharedShard)
    let serving = ServingService(
      server: server, healthServer: healthServer, health: health, directory: directory,
      turnAway: { [directory] in for pool in directory.pools { pool.current.value.flow?.shutDown() } },
      drainDelay: options.drainDelay, drainTimeout: options.drainTimeout, logger: logger)
    // Stopped in the opposite order: first the lease is given back, then streams are waited for, then the rest ends;
    // spans are exported until no request is left.
    var running: [any Service] = [SecondSignal(logger: logger)]
    if let decisionFile { running.append(decisionFile) }
    if let tracing { running.append(tracing.service) }
    if let inquiries { running.append(inquiries) }
    running.append(
      HangupSignal(logger: logger) { [directory] in
        for pool in directory.pools { pool.reload() }
        certificate?.reload()
        adminCertificate?.reload()
      })
    running += [adminServer, gauges]
    if let adminCertificate { running.append(adminCertificate) }
    if let reviews { running.append(reviews) }
    if let certificate { running.append(certificate) }
    if let kubernetes { running.append(kubernetes) }
    running += [poolSet, serving]
    // Of several pools the first gives the lease its name.
    if let election = kubernetes?.election(
      name: pools.runtimes.first?.name ?? options.poolName, lineage: pools.lineage,
      changed: { readiness.set(.leading, $0) })
    {
      running.append(election)
    }
    let serviceGroup = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: running.map { .init(service: NamedService($0)) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
    try await serviceGroup.run()
    for probe in probes { probe.stop() }
    logger.info("stopped")
  }

  /// What readiness takes.
  private var conditions: Set<Readiness.Condition> {
    pools.kubernetes?.electsLeader == true ? [.listening, .poolSynced, .leading] : [.listening, .poolSynced]
  }

  private func authorizationReviews(_ group: any EventLoopGroup) throws -> AuthorizationReviews? {
    guard options.reviewsMetricsAccess != false, options.metricsAuthorizer == nil else { return nil }
    guard let kubernetes = pools.kubernetes else {
      if options.reviewsMetricsAccess == true {
        logger.warning(
          "--metrics-endpoint-auth: there is no Kubernetes API to ask, so everybody may read the metrics port")
      }
      return nil
    }
    return try AuthorizationReviews(kubernetes, environment: ProcessInfo.processInfo.environment, group: group)
  }

  /// What a port of the ext_proc service offers.
  private func methods(
    _ choice: PoolChoice, _ loops: LoopContexts, _ health: HealthStatus
  ) -> [any GRPCMethod] {
    var limits = ExtProcLimits()
    limits.maxBodyBytes = options.maxMessageBytes
    limits.releasesStreamsEarly = options.releasesStreamsEarly
    let method = ExtProcMethod(loops: loops, pools: choice, limits: limits)
    return options.healthChecking ? [method] + HealthMethods.all(health) : [method]
  }

  private func makeServer(_ methods: [any GRPCMethod], _ certificate: ServerCertificate?) -> GRPCServer {
    var configuration = GRPCServerConfiguration()
    // Room for what surrounds a body of the greatest size.
    configuration.maxMessageBytes = options.maxMessageBytes + (1 << 20)
    configuration.maxBufferedBytesPerConnection = options.maxBufferedBytesPerConnection
    configuration.maxBufferedBytes = options.maxBufferedBytes
    configuration.connections = options.connections
    var tls: (@Sendable () -> NIOSSLContext)?
    if let certificate { tls = { certificate.current } }
    return GRPCServer(methods: methods, configuration: configuration, tls: tls, logger: logger)
  }

  /// Listens on all addresses, IPv6 and IPv4 where the system has both.
  @discardableResult
  private func listen(
    _ server: GRPCServer, _ port: Int, _ flag: String, _ group: any EventLoopGroup, _ methods: [any GRPCMethod]? = nil
  ) async throws -> String {
    for host in ["::", "0.0.0.0"] {
      do {
        try await server.listen(host: host, port: port, group: group, methods: methods)
        return host
      } catch {
        if host == "0.0.0.0" { throw ProcessError("cannot listen on \(flag) \(port): \(error)") }
      }
    }
    return "0.0.0.0"
  }

  /// Libraries log their own life at levels that mean something else to operators of a picker.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    if logger.logLevel > .debug { logger.logLevel = .warning }
    return logger
  }
}

extension Duration {
  /// The duration in seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
