import Endpoints

/// The endpoints of a pool, worked out from its pods: one for each pod that serves and each of its target ports.
///
/// Remembers what was handed out, so that a change costs what changed and not what there is.
package struct PoolMembers {
  /// What to do to get from the last hand-out to the present set.
  package struct Changes: Sendable, Hashable {
    package var upserted: [EndpointDescriptor] = []
    package var removed: [EndpointID] = []

    package var isEmpty: Bool { upserted.isEmpty && removed.isEmpty }
  }

  private struct Member: Equatable {
    var address: String
    var labels: [String: String]
    var activePorts: Set<UInt16>?
  }

  let namespace: String
  package private(set) var targetPorts: [UInt16] = []
  private var members: [String: Member] = [:]
  private var handedOut: [String: [EndpointDescriptor]] = [:]
  private var touched: Set<String> = []

  package init(namespace: String) {
    self.namespace = namespace
  }

  /// Pods that serve.
  var count: Int { members.count }
  /// Whether ``takeChanges()`` may have something to say.
  package var hasChanges: Bool { !touched.isEmpty }

  /// A pod is new, or is now like this.
  package mutating func update(_ pod: Pod) {
    let name = pod.metadata.name
    let member = Self.member(pod)
    guard members[name] != member else { return }
    members[name] = member
    touched.insert(name)
  }

  /// A pod is gone.
  package mutating func remove(pod name: String) {
    guard members.removeValue(forKey: name) != nil else { return }
    touched.insert(name)
  }

  /// These are all pods there are.
  package mutating func replace(with pods: [Pod]) {
    var missing = Set(members.keys)
    for pod in pods {
      missing.remove(pod.metadata.name)
      update(pod)
    }
    for name in missing { remove(pod: name) }
  }

  /// The pods serve on these ports.
  package mutating func setTargetPorts(_ ports: [UInt16]) {
    guard ports != targetPorts else { return }
    targetPorts = ports
    touched.formUnion(members.keys)
  }

  /// What changed since the last call.
  package mutating func takeChanges() -> Changes {
    var changes = Changes()
    for name in touched.sorted() {
      let old = handedOut[name] ?? []
      let new = members[name].map { descriptors(name, $0) } ?? []
      guard old != new else { continue }
      for descriptor in old where !new.contains(where: { $0.id == descriptor.id }) {
        changes.removed.append(descriptor.id)
      }
      for descriptor in new where !old.contains(descriptor) { changes.upserted.append(descriptor) }
      handedOut[name] = new.isEmpty ? nil : new
    }
    touched.removeAll(keepingCapacity: true)
    return changes
  }

  private static func member(_ pod: Pod) -> Member? {
    guard pod.isServing, let address = pod.status?.podIP else { return nil }
    return Member(
      address: address, labels: pod.metadata.labels ?? [:], activePorts: ActivePorts.read(pod.metadata.annotations))
  }

  private func descriptors(_ name: String, _ member: Member) -> [EndpointDescriptor] {
    targetPorts.enumerated().compactMap { rank, port in
      guard member.activePorts?.contains(port) ?? true else { return nil }
      return EndpointDescriptor(
        id: EndpointID(namespace: namespace, name: "\(name)-rank-\(rank)"),
        address: EndpointAddress(host: member.address, port: port), labels: member.labels, podName: name)
    }
  }
}
