import Logging

/// Follows which InferencePools of a namespace there are, all of them or those with certain labels.
public actor PoolFinder {
  private let client: KubeClient
  private let namespace: String
  private let groups: [String]
  private let selector: LabelSelector?
  private let logger: Logger
  private let changed: @Sendable ([String]) -> Void
  private var names: PoolNames

  /// Creates a finder; ``run()`` starts it.
  /// - Parameters:
  ///   - groups: the API groups that are looked at.
  ///   - selector: labels that pools must have; nil for all pools.
  ///   - changed: told the names of all pools, once they are known and after each change. Called on no thread in
  ///     particular, one call after the other.
  public init(
    client: KubeClient, namespace: String, groups: [String], selector: LabelSelector?, logger: Logger,
    changed: @escaping @Sendable ([String]) -> Void
  ) {
    self.client = client
    self.namespace = namespace
    self.groups = groups
    self.selector = selector
    self.logger = logger
    self.changed = changed
    names = PoolNames(groups: groups)
  }

  /// Watches until the task is cancelled.
  public func run() async {
    await withDiscardingTaskGroup { group in
      for name in groups {
        guard let type = ResourceType.inferencePools(group: name) else { continue }
        let reflector = Reflector<InferencePool>(
          client: client, resource: type, namespace: namespace, labelSelector: selector?.description, logger: logger
        ) { await self.apply($0, group: name) }
        group.addTask { await reflector.run() }
      }
    }
  }

  private func apply(_ event: Reflector<InferencePool>.Event, group: String) {
    if let names = names.apply(event, group: group) { changed(names) }
  }
}

/// The names of pools in several groups. A pure value.
package struct PoolNames {
  private let groups: Set<String>
  /// Pools that are not being deleted; no entry for a group that has not been heard of.
  private var living: [String: Set<String>] = [:]
  private var last: [String]?

  package init(groups: [String]) {
    self.groups = Set(groups)
  }

  /// - Returns: the names of all pools, sorted, if they are known now and were not, or were others.
  package mutating func apply(_ event: Reflector<InferencePool>.Event, group: String) -> [String]? {
    var names = living[group] ?? []
    func isLiving(_ pool: InferencePool) -> Bool { pool.metadata.deletionTimestamp == nil }
    switch event {
    case .replaced(let pools): names = Set(pools.filter(isLiving).map(\.metadata.name))
    case .changed(let changes):
      for change in changes {
        switch change {
        case .present(let pool) where isLiving(pool): names.insert(pool.metadata.name)
        case .present(let pool): names.remove(pool.metadata.name)
        case .gone(let name): names.remove(name)
        }
      }
    case .absent: names = []
    }
    living[group] = names
    guard groups.isSubset(of: living.keys) else { return nil }
    let all = living.values.reduce(into: Set()) { $0.formUnion($1) }.sorted()
    guard all != last else { return nil }
    last = all
    return all
  }
}
