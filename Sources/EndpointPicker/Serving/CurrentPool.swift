import Synchronization

/// The pool state in force, replaced as a whole by reloads. Streams keep the one they began with.
public final class CurrentPool: Sendable {
  private let state: Mutex<(pool: PoolState, generation: Int)>

  /// Starts with a state.
  public init(_ pool: PoolState) {
    state = Mutex((pool, 1))
  }

  /// The state in force.
  public var value: PoolState { state.withLock { $0.pool } }

  /// How many states have been in force, this one included.
  public var generation: Int { state.withLock { $0.generation } }

  /// Puts another state in force.
  public func replace(by pool: PoolState) { state.withLock { $0 = (pool, $0.generation + 1) } }
}
