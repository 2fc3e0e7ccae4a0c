import GRPC
import Synchronization

/// Whether the pools are known: one of the conditions of readiness, and the health of each of several pools.
///
/// At first it takes all pools that there are. From then on it takes one, so that a pool that is deleted, or is new and
/// not yet known, does not take the others' picker away. Any thread.
package final class PoolReadiness: Sendable {
  /// What is known of a pool.
  package enum Knowledge: Sendable {
    /// Nobody has said yet whether there is one.
    case awaited
    /// There is none.
    case absent
    /// There is one; its pods are not known yet.
    case found
    /// It and its pods are known.
    case synced
  }

  private struct State {
    var pools: [String: Knowledge]
    var isSelectionAwaited: Bool
    var hasStarted = false
  }

  private let readiness: Readiness
  /// Told of each pool; nil where there is one.
  private let health: HealthStatus?
  private let state: Mutex<State>

  /// - Parameters:
  ///   - names: the pools that readiness takes from the start.
  ///   - awaitsSelection: whether it also takes those that a selection finds at first.
  package init(_ readiness: Readiness, health: HealthStatus?, names: [String], awaitsSelection: Bool) {
    self.readiness = readiness
    self.health = health
    let pools = Dictionary(names.map { ($0, Knowledge.awaited) }) { first, _ in first }
    state = Mutex(State(pools: pools, isSelectionAwaited: awaitsSelection))
    for name in pools.keys { health?.setPart(name, false) }
  }

  /// Something is known of a pool.
  package func set(_ knowledge: Knowledge, of name: String) {
    change { state in
      // A pool that is changed is known all the same.
      guard !(knowledge == .found && state.pools[name] == .synced) else { return }
      state.pools[name] = knowledge
      health?.setPart(name, knowledge == .synced)
    }
  }

  /// The pods of a pool are known, or are not any more.
  package func setSynced(_ isSynced: Bool, of name: String) {
    if isSynced { return set(.synced, of: name) }
    change { state in
      state.pools[name] = .found
      health?.setPart(name, false)
    }
  }

  /// A pool is not served any more.
  package func forget(_ name: String) {
    change { state in
      state.pools[name] = nil
      health?.setPart(name, nil)
    }
  }

  /// All pools that a selection finds have been named.
  package func selectionIsKnown() { change { $0.isSelectionAwaited = false } }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      if !state.isSelectionAwaited, state.pools.values.allSatisfy({ $0 == .absent || $0 == .synced }) {
        state.hasStarted = true
      }
      // Inside the lock, so that the last change is also the last one told.
      readiness.set(.poolSynced, state.hasStarted && state.pools.values.contains(.synced))
    }
  }
}
