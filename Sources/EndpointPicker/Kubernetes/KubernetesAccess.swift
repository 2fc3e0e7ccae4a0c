import Kubernetes
import Logging
import NIOCore
import PickerConfiguration
import ServiceLifecycle

/// The API server that pools are followed at, and one client for all that is asked there. As a service it ends the client
/// when the process stops.
struct KubernetesAccess: Service {
  private let options: KubernetesOptions
  private let client: KubeClient
  private let environment: [String: String]
  private let logger: Logger

  /// Finds the API server.
  /// - Throws: ``ProcessError`` when nothing says where it is.
  init(
    _ options: KubernetesOptions, environment: [String: String], group: any EventLoopGroup, logger: Logger
  ) throws {
    let configuration: KubeConfiguration
    do {
      configuration = try KubeConfiguration.find(path: options.kubeconfig, environment: environment)
    } catch {
      throw ProcessError("\(error)")
    }
    logger.info(
      "kubernetes: following pools",
      metadata: ["server": "\(configuration.server)", "namespace": "\(options.namespace)"])
    self.options = options
    self.environment = environment
    self.logger = logger
    client = KubeClient(configuration, group: group)
  }

  func run() async throws {
    try? await gracefulShutdown()
    await client.shutdown()
  }

  /// What follows a pool.
  func watching(_ poolName: String, observer: KubernetesPool, logger: Logger) -> PoolWatching {
    let origin: WatchedPool.Origin =
      switch options.pool {
      case .named(let groups): .object(groups: groups)
      case .selected(let selector, let ports): .selector(selector, targetPorts: ports)
      }
    let pool = WatchedPool(name: poolName, namespace: options.namespace, origin: origin)
    return PoolWatching(watcher: PoolWatcher(client: client, pool: pool, observer: observer, logger: logger))
  }

  /// What finds the pools of a selection.
  func finder(
    of selection: PoolOptions.Selection, changed: @escaping @Sendable ([String]) -> Void
  ) -> PoolFinder {
    let groups =
      if case .named(let groups) = options.pool { groups } else { [ResourceType.stableGroup] }
    let selector: LabelSelector? =
      if case .labelled(let selector) = selection { selector } else { nil }
    return PoolFinder(
      client: client, namespace: options.namespace, groups: groups, selector: selector, logger: logger,
      changed: changed)
  }

  /// What takes part in the election of a leader; nil without election.
  /// - Parameter name: what the Lease is called after: the pool, or the first of several.
  func election(
    name: String, lineage: Lineage, changed: @escaping @Sendable (Bool) -> Void
  ) -> ElectionService? {
    guard options.electsLeader else { return nil }
    let suffix = lineage == .llmD ? "llm-d.ai" : "gateway-api-inference-extension.sigs.k8s.io"
    let host = environment["POD_NAME"] ?? environment["HOSTNAME"] ?? "epp"
    return ElectionService(
      elector: LeaderElector(
        client: client, namespace: options.namespace,
        name: LeaderElector.leaseName(namespace: options.namespace, pool: name, suffix: suffix),
        identity: "\(host)_\(LeaderElector.randomSuffix())", logger: logger, changed: changed))
  }
}
