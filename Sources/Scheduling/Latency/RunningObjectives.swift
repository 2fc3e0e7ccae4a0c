import Synchronization

/// The objectives for time per output token of the requests that run on each endpoint.
///
/// Safe to use from any thread; the lock is held for a few dictionary look-ups.
package final class RunningObjectives: Sendable {
  private struct Requests {
    /// Requests by objective.
    var counts: [Double: Int] = [:]
    var least = Double.infinity

    mutating func add(_ objective: Double) {
      counts[objective, default: 0] += 1
      least = min(least, objective)
    }
  }

  private let slots = Mutex<[Int: Requests]>([:])

  /// A request with this objective, 0 for none, was placed.
  package func add(_ objective: Double, slot: Int) {
    slots.withLock { $0[slot, default: Requests()].add(objective) }
  }

  /// A request that was added is over.
  package func remove(_ objective: Double, slot: Int) {
    slots.withLock { slots in
      guard var requests = slots[slot], let count = requests.counts[objective] else { return }
      // Only one reference, so that what follows changes the dictionary in place.
      slots[slot] = nil
      requests.counts[objective] = count > 1 ? count - 1 : nil
      guard let least = requests.counts.keys.min() else { return }
      requests.least = least
      slots[slot] = requests
    }
  }

  /// Gives `body` the least objective on an endpoint; nil for an idle one.
  package func read<Result>(_ body: ((Int) -> Double?) -> Result) -> Result {
    slots.withLock { slots in body { slots[$0]?.least } }
  }
}
