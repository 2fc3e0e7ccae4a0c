import Kubernetes
import Logging
import NIOCore
import PickerConfiguration
import ServiceLifecycle

/// Follows pools in Kubernetes for as long as the process serves.
struct KubernetesService: Service {
  let client: KubeClient
  let watcher: PoolWatcher

  func run() async throws {
    await cancelWhenGracefulShutdown { await watcher.run() }
    await client.shutdown()
  }
}

/// Takes part in the election of a leader until the process is asked to stop, then gives the lease back, before open
/// streams are waited for.
struct ElectionService: Service {
  let elector: LeaderElector

  func run() async throws {
    await cancelWhenGracefulShutdown { await elector.run() }
  }
}

/// What the process runs to follow a pool in Kubernetes.
struct KubernetesServices {
  let watching: KubernetesService
  /// nil without election.
  let election: ElectionService?

  /// Finds the API server.
  /// - Throws: ``ProcessError`` when nothing says where it is.
  init(
    _ options: KubernetesOptions, poolName: String, lineage: Lineage, observer: KubernetesPool,
    environment: [String: String], group: any EventLoopGroup, logger: Logger
  ) throws {
    let configuration: KubeConfiguration
    do {
      configuration = try KubeConfiguration.find(path: options.kubeconfig, environment: environment)
    } catch {
      throw ProcessError("\(error)")
    }
    logger.info(
      "kubernetes: following a pool",
      metadata: ["server": "\(configuration.server)", "namespace": "\(options.namespace)", "pool": "\(poolName)"])
    let client = KubeClient(configuration, group: group)
    let origin: WatchedPool.Origin =
      switch options.pool {
      case .named(let groups): .object(groups: groups)
      case .selected(let selector, let ports): .selector(selector, targetPorts: ports)
      }
    let pool = WatchedPool(name: poolName, namespace: options.namespace, origin: origin)
    watching = KubernetesService(
      client: client, watcher: PoolWatcher(client: client, pool: pool, observer: observer, logger: logger))
    guard options.electsLeader else {
      election = nil
      return
    }
    let suffix = lineage == .llmD ? "llm-d.ai" : "gateway-api-inference-extension.sigs.k8s.io"
    let host = environment["POD_NAME"] ?? environment["HOSTNAME"] ?? "epp"
    election = ElectionService(
      elector: LeaderElector(
        client: client, namespace: options.namespace,
        name: LeaderElector.leaseName(namespace: options.namespace, pool: poolName, suffix: suffix),
        identity: "\(host)_\(LeaderElector.randomSuffix())", logger: logger,
        changed: { observer.readiness.set(.leading, $0) }))
  }
}
