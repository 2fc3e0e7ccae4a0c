import GRPC
import Synchronization

/// Reports the process as ready while everything it takes is there. Any thread.
package final class Readiness: Sendable {
  /// Something that readiness takes.
  package enum Condition: Sendable, Hashable {
    /// All ports are listened on.
    case listening
    /// The pools and their pods are known.
    case poolSynced
    /// This replica leads.
    case leading
  }

  private let health: HealthStatus
  private let missing: Mutex<Set<Condition>>

  /// Not ready until all these were set.
  package init(_ health: HealthStatus, takes conditions: Set<Condition>) {
    self.health = health
    missing = Mutex(conditions)
  }

  /// Whether a condition is there from now on.
  package func set(_ condition: Condition, _ isMet: Bool) {
    missing.withLock { missing in
      if isMet {
        missing.remove(condition)
      } else {
        missing.insert(condition)
      }
      // Inside the lock, so that the last change is also the last one told.
      health.setReady(missing.isEmpty)
    }
  }
}
