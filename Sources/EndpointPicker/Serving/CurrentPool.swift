import Synchronization

/// The pool state in force, replaced as a whole by reloads. Streams keep the one they began with.
public final class CurrentPool: Sendable {
  private let state: Mutex<PoolState>

  /// Starts with a state.
  public init(_ pool: PoolState) {
    state = Mutex(pool)
  }

  /// The state in force.
  public var value: PoolState { state.withLock { $0 } }

  /// Puts another state in force.
  public func replace(by pool: PoolState) { state.withLock { $0 = pool } }
}
