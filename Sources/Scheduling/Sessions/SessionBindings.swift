import Endpoints
import Synchronization

/// Which endpoint each session sticks to, shared by all event loops.
///
/// Bindings that were not used for the time to live are gone; of more than the capacity the least recently used go.
/// Locks are short and spread over shards by session.
final class SessionBindings: Sendable {
  /// An endpoint that a session is bound to.
  struct Binding: Sendable, Equatable {
    let slot: Int
    let id: EndpointID
  }

  /// Sessions remembered at most.
  static let defaultCapacity = 1 << 20
  private static let shardCount = 16

  private final class Shard: Sendable {
    let entries: Mutex<RecencyMap<SessionKey, Binding>>

    init(capacity: Int) {
      entries = Mutex(RecencyMap(capacity: capacity))
    }
  }

  private let timeToLive: Double
  private let shards: [Shard]

  /// - Parameters:
  ///   - timeToLive: seconds, positive.
  ///   - capacity: sessions remembered at most.
  init(timeToLive: Double, capacity: Int = defaultCapacity) {
    self.timeToLive = timeToLive
    let share = max(1, capacity / Self.shardCount)
    shards = (0..<Self.shardCount).map { _ in Shard(capacity: share) }
  }

  /// The endpoint that the session is bound to.
  func binding(of session: SessionKey, now: Double) -> Binding? {
    shard(of: session).entries.withLock { $0.value(of: session, usedSince: now - timeToLive) }
  }

  /// Notes that the session's request went to an endpoint: binds an unbound session and keeps the binding of one that
  /// is bound to that endpoint alive. A session that is bound to another endpoint keeps its binding, except when that
  /// binding is `stale`.
  /// - Parameter stale: the binding whose endpoint was not among the candidates; nil if it was.
  func placed(_ session: SessionKey, on binding: Binding, stale: Binding?, now: Double) {
    shard(of: session).entries.withLock { entries in
      let current = entries.value(of: session, usedSince: now - timeToLive)
      guard current == nil || current == binding || current == stale else { return }
      entries.removeOldest(usedBefore: now - timeToLive, atMost: 4)
      entries.set(binding, for: session, at: now)
    }
  }

  private func shard(of session: SessionKey) -> Shard {
    shards[Int(UInt(bitPattern: session.second) % UInt(shards.count))]
  }
}
