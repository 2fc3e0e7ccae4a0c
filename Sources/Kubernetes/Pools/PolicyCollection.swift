import RequestPolicies

/// The objectives and rewrites of a namespace, in the groups that have them.
///
/// Objects of the newer group count; those of the older one only where the newer kind is not installed.
package struct PolicyCollection {
  /// The groups, the one that is preferred first.
  static let groups = [ResourceType.routerGroup, ResourceType.experimentalGroup]

  private struct Kind<Object: PolicyObject> {
    private var groups: [String: [String: Object]] = [:]

    mutating func apply(_ event: Reflector<Object>.Event, group: String) {
      switch event {
      case .replaced(let objects):
        groups[group] = Dictionary(objects.map { ($0.metadata.name, $0) }) { $1 }
      case .changed(let changes):
        for change in changes {
          switch change {
          case .present(let object): groups[group, default: [:]][object.metadata.name] = object
          case .gone(let name): groups[group]?[name] = nil
          }
        }
      case .absent: groups[group] = nil
      }
    }

    func objects(of pool: PoolReference) -> [Object] {
      guard let installed = PolicyCollection.groups.lazy.compactMap({ groups[$0] }).first else { return [] }
      return installed.values.filter { $0.metadata.deletionTimestamp == nil && pool.isMeant(by: $0.poolReference) }
        .sorted { $0.metadata.name < $1.metadata.name }
    }
  }

  private var objectives = Kind<ObjectiveObject>()
  private var rewrites = Kind<RewriteObject>()

  package init() {}

  package mutating func apply(_ event: Reflector<ObjectiveObject>.Event, group: String) {
    objectives.apply(event, group: group)
  }

  package mutating func apply(_ event: Reflector<RewriteObject>.Event, group: String) {
    rewrites.apply(event, group: group)
  }

  /// What is said about requests to a pool.
  package func policies(of pool: PoolReference) -> RequestPolicies {
    RequestPolicies(
      objectives: objectives.objects(of: pool).map(\.objective), rewrites: rewrites.objects(of: pool).map(\.rewrite))
  }
}

extension PoolReference {
  /// Whether a reference, in which the group and the kind may be left out, means this pool.
  fileprivate func isMeant(by reference: PoolReference) -> Bool {
    func filled(_ text: String?, _ value: String) -> String { text.flatMap { $0.isEmpty ? nil : $0 } ?? value }
    return reference.name == name && filled(reference.kind, "InferencePool") == "InferencePool"
      && filled(reference.group, ResourceType.stableGroup) == filled(group, ResourceType.stableGroup)
  }
}
