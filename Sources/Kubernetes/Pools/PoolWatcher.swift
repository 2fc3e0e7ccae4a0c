import Endpoints
import Logging
import RequestPolicies

/// What a ``PoolWatcher`` follows.
public struct WatchedPool: Sendable, Hashable {
  /// Where the pool's pods come from.
  public enum Origin: Sendable, Hashable {
    /// An InferencePool of one of these groups; of two with the same name the one of the first group counts.
    case object(groups: [String])
    /// Pods with these labels, without an InferencePool.
    case selector(LabelSelector, targetPorts: [UInt16])
  }

  /// The pool's name; with a selector, the name that objectives and rewrites refer to.
  public var name: String
  /// Where the pool, its pods, objectives and rewrites are.
  public var namespace: String
  /// Where its pods come from.
  public var origin: Origin

  /// Names a pool.
  public init(name: String, namespace: String, origin: Origin) {
    self.name = name
    self.namespace = namespace
    self.origin = origin
  }
}

/// Who is told what a ``PoolWatcher`` sees. Called one after the other, on no thread in particular.
public protocol PoolObserver: Sendable {
  /// The set of endpoints changed.
  func endpointsChanged(upserted: [EndpointDescriptor], removed: [EndpointID])
  /// The objectives or rewrites changed.
  func policiesChanged(_ policies: RequestPolicies)
  /// The InferencePool is new or was changed; nil when there is none, told once it is known and when it is gone.
  func poolChanged(_ pool: InferencePool?)
  /// Whether the pool and its pods are known.
  func syncChanged(_ isSynced: Bool)
}

/// Follows a pool: its InferencePool, pods, objectives and rewrites (Endpoint Picker reference behaviour, watching).
///
/// What is known stays in force while the API server is away. Changes of pods are put together, so that applying them
/// takes a small share of the time however many there are: see ``pause(afterApplying:)``.
public actor PoolWatcher {
  private let client: KubeClient
  private let watched: WatchedPool
  private let observer: any PoolObserver
  private let logger: Logger

  private var members: PoolMembers
  private var policies = PolicyCollection()
  private var lastPolicies: RequestPolicies?
  /// The pools of the name by group, where there is one.
  private var pools: [String: InferencePool] = [:]
  private var pool: InferencePool?
  /// Groups that have said whether they have the pool.
  private var answered: Set<String> = []
  private var isKnown = false
  private var isSynced = false
  /// Counts the watches of pods; what an earlier one still says is not listened to.
  private var podsGeneration = 0
  private var podsTask: Task<Void, Never>?
  private var applying: Task<Void, Never>?
  private var earliestApply = ContinuousClock.now

  /// Creates a watcher; ``run()`` starts it.
  public init(client: KubeClient, pool: WatchedPool, observer: any PoolObserver, logger: Logger) {
    self.client = client
    self.watched = pool
    self.observer = observer
    self.logger = logger
    members = PoolMembers(namespace: pool.namespace)
  }

  /// Watches until the task is cancelled.
  public func run() async {
    if case .selector(let selector, let ports) = watched.origin { watchPods(selector, ports) }
    await withDiscardingTaskGroup { group in
      if case .object(let groups) = watched.origin {
        for name in groups {
          guard let type = ResourceType.inferencePools(group: name) else { continue }
          let reflector: Reflector<InferencePool> = reflector(type, field: "metadata.name=\(watched.name)") {
            await self.poolEvent($0, group: name)
          }
          group.addTask { await reflector.run() }
        }
      }
      for name in PolicyCollection.groups {
        let objectives: Reflector<ObjectiveObject> = reflector(.objectives(group: name)) {
          await self.objectiveEvent($0, group: name)
        }
        let rewrites: Reflector<RewriteObject> = reflector(.rewrites(group: name)) {
          await self.rewriteEvent($0, group: name)
        }
        group.addTask { await objectives.run() }
        group.addTask { await rewrites.run() }
      }
      // The watch of pods is not in the group: it is replaced when the pool changes.
      group.addTask { await self.stopWithGroup() }
    }
  }

  private func stopWithGroup() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
    podsTask?.cancel()
    applying?.cancel()
    await podsTask?.value
  }

  private func reflector<Object>(
    _ type: ResourceType, label: String? = nil, field: String? = nil,
    _ deliver: @escaping @Sendable (Reflector<Object>.Event) async -> Void
  ) -> Reflector<Object> {
    Reflector(
      client: client, resource: type, namespace: watched.namespace, labelSelector: label, fieldSelector: field,
      logger: logger, deliver: deliver)
  }

  // MARK: The pool

  private func poolEvent(_ event: Reflector<InferencePool>.Event, group: String) {
    switch event {
    case .replaced(let objects): pools[group] = objects.first { $0.metadata.name == watched.name }
    case .changed(let changes):
      for change in changes {
        switch change {
        case .present(let object) where object.metadata.name == watched.name: pools[group] = object
        case .gone(let name) where name == watched.name: pools[group] = nil
        default: break
        }
      }
    case .absent: pools[group] = nil
    }
    answered.insert(group)
    usePool()
  }

  private func usePool() {
    guard case .object(let groups) = watched.origin else { return }
    let living = groups.lazy.compactMap { group in self.pools[group].map { (group, $0) } }
      .first { $0.1.metadata.deletionTimestamp == nil }
    let previous = pool
    pool = living?.1
    guard let (group, pool) = living else {
      if previous != nil {
        logger.notice("kubernetes: InferencePool \(watched.name) is gone")
        forgetPods()
        observer.poolChanged(nil)
      } else if !isKnown, answered.isSuperset(of: groups) {
        isKnown = true
        observer.poolChanged(nil)
      }
      return
    }
    isKnown = true
    guard pool != previous else { return }
    observer.poolChanged(pool)
    if pool.selector != previous?.selector {
      logger.info(
        "kubernetes: InferencePool \(watched.name)",
        metadata: [
          "selector": "\(pool.selector)", "target-ports": "\(pool.targetPorts)", "group": "\(group)",
        ])
      watchPods(LabelSelector(matchLabels: pool.selector), pool.targetPorts)
    } else if pool.targetPorts != members.targetPorts {
      // With a new selector the new ports begin with the new pods.
      members.setTargetPorts(pool.targetPorts)
      scheduleApply()
    }
    publishPolicies()
  }

  private func forgetPods() {
    podsTask?.cancel()
    podsTask = nil
    podsGeneration += 1
    setSynced(false)
    members.replace(with: [])
    apply()
    publishPolicies()
  }

  private func setSynced(_ value: Bool) {
    guard value != isSynced else { return }
    isSynced = value
    observer.syncChanged(value)
  }

  // MARK: Pods

  /// The endpoints of the selector before stay until all pods of this one are known.
  private func watchPods(_ selector: LabelSelector, _ targetPorts: [UInt16]) {
    podsTask?.cancel()
    podsGeneration += 1
    let generation = podsGeneration
    let reflector: Reflector<Pod> = reflector(.pods, label: selector.description) {
      await self.podEvent($0, generation, targetPorts)
    }
    podsTask = Task { await reflector.run() }
  }

  private func podEvent(_ event: Reflector<Pod>.Event, _ generation: Int, _ targetPorts: [UInt16]) {
    guard generation == podsGeneration else { return }
    switch event {
    case .replaced(let pods):
      // Ports may have been changed since the watch began.
      members.setTargetPorts(pool?.targetPorts ?? targetPorts)
      members.replace(with: pods)
      apply()
      setSynced(true)
    case .changed(let changes):
      for change in changes {
        switch change {
        case .present(let pod): members.update(pod)
        case .gone(let name): members.remove(pod: name)
        }
      }
      if members.hasChanges { scheduleApply() }
    case .absent:
      // Pods are always known to a server; it does not show them. What is known stays.
      break
    }
  }

  private func scheduleApply() {
    guard applying == nil else { return }
    let start = earliestApply
    guard start > .now else { return apply() }
    applying = Task {
      try? await Task.sleep(until: start, clock: .continuous)
      if !Task.isCancelled { self.apply() }
    }
  }

  private func apply() {
    applying?.cancel()
    applying = nil
    guard members.hasChanges else { return }
    let began = ContinuousClock.now
    let changes = members.takeChanges()
    guard !changes.isEmpty else { return }
    observer.endpointsChanged(upserted: changes.upserted, removed: changes.removed)
    let now = ContinuousClock.now
    earliestApply = now + Self.pause(afterApplying: now - began)
  }

  /// Time until changes are applied again: applying takes at most a fiftieth of the time, and is at most 20 ms late in
  /// a pool of which a change costs little. A change after some quiet is applied at once.
  static func pause(afterApplying cost: Duration) -> Duration {
    max(.milliseconds(20), min(cost * 50, .milliseconds(500)))
  }

  // MARK: Policies

  private func objectiveEvent(_ event: Reflector<ObjectiveObject>.Event, group: String) {
    policies.apply(event, group: group)
    publishPolicies()
  }

  private func rewriteEvent(_ event: Reflector<RewriteObject>.Event, group: String) {
    policies.apply(event, group: group)
    publishPolicies()
  }

  private func publishPolicies() {
    let new: RequestPolicies
    switch watched.origin {
    case .selector:
      new = policies.policies(of: PoolReference(group: nil, kind: nil, name: watched.name))
    case .object(let groups):
      guard let group = groups.first(where: { pools[$0]?.metadata.deletionTimestamp == nil && pools[$0] != nil }) else {
        new = .none
        break
      }
      new = policies.policies(of: PoolReference(group: group, kind: nil, name: watched.name))
    }
    if let lastPolicies, lastPolicies.objectives == new.objectives, lastPolicies.rewrites == new.rewrites { return }
    if lastPolicies == nil, new.objectives.isEmpty, new.rewrites.isEmpty { return }
    lastPolicies = new
    observer.policiesChanged(new)
    logger.info(
      "request policies changed",
      metadata: [
        "pool": "\(watched.name)", "objectives": "\(new.objectives.map(\.name))",
        "rewrites": "\(new.rewrites.map(\.name))",
      ])
  }
}
