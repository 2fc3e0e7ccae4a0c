import GRPC
import Synchronization

/// The pool state in force, replaced as a whole by reloads. Streams keep the one they began with.
public final class CurrentPool: Sendable {
  private let state: Mutex<(pool: PoolState, generation: Int)>
  /// What the bytes held for the pool's streams are counted in; nil where the pool has no budget of its own.
  let budget: BufferBudget.Total?

  /// Starts with a state.
  /// - Parameter maxBufferedBytes: most bytes held in memory for the pool's streams; nil for as many as the process may.
  public init(_ pool: PoolState, maxBufferedBytes: Int? = nil) {
    state = Mutex((pool, 1))
    budget = maxBufferedBytes.map { BufferBudget.Total(limit: $0) }
  }

  /// The state in force.
  public var value: PoolState { state.withLock { $0.pool } }

  /// How many states have been in force, this one included.
  public var generation: Int { state.withLock { $0.generation } }

  /// Puts another state in force.
  public func replace(by pool: PoolState) { state.withLock { $0 = (pool, $0.generation + 1) } }
}
