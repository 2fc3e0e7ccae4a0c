import Endpoints

/// Something worked out from the pool's endpoints, such as which of them carry a label, kept until the set of endpoints
/// changes. Each event loop has its own copy, so a request costs neither a lock nor a look at the endpoints.
public struct SnapshotCache<Value>: Sendable {
  private final class Entry {
    var version: UInt64?
    var value: Value

    init(_ value: Value) { self.value = value }
  }

  private let workspace: WorkspaceID
  private let make: @Sendable (EndpointSnapshot) -> Value

  /// Creates a cache.
  /// - Parameter make: works the value out; called once for each event loop and set of endpoints.
  public init(_ space: AttributeSpace, make: @escaping @Sendable (EndpointSnapshot) -> Value) {
    self.workspace = space.makeWorkspace()
    self.make = make
  }

  /// Creates a cache with a value for each endpoint, indexed as ``SchedulingCycle/snapshotIndex(_:)`` says.
  public init<Element>(
    _ space: AttributeSpace, each make: @escaping @Sendable (Endpoint) -> Element
  ) where Value == [Element] {
    self.init(space) { snapshot in snapshot.endpoints.map(make) }
  }

  /// The value for the cycle's snapshot.
  public func value(_ cycle: SchedulingCycle) -> Value {
    let entry = cycle.workspace(workspace) {
      let entry = Entry(make(cycle.snapshot))
      entry.version = cycle.snapshot.version
      return entry
    }
    if entry.version != cycle.snapshot.version {
      entry.value = make(cycle.snapshot)
      entry.version = cycle.snapshot.version
    }
    return entry.value
  }
}

extension SnapshotCache where Value == [Bool] {
  /// Keeps the candidates whose value is true.
  func keep(_ cycle: SchedulingCycle, _ keep: UnsafeMutableBufferPointer<Bool>) {
    let values = value(cycle)
    for position in keep.indices { keep[position] = values[cycle.snapshotIndex(position)] }
  }
}
