/// What became of a request that asked for its turn (flow control, outcomes).
public enum FlowOutcome: Sendable, Hashable, CaseIterable {
  /// It is its turn.
  case dispatched
  /// A queue is full.
  case rejectedCapacity
  /// A queue is full, and there is nobody to empty it: the pool has no endpoint.
  case rejectedNoEndpoints
  /// The process stops.
  case rejectedShuttingDown
  /// It waited as long as it may.
  case evictedTimeToLive
  /// It waited as long as it may for an endpoint to appear.
  case evictedWithoutEndpoints
  /// Its client is gone.
  case evictedContextCancelled

  /// The value of `outcome` labels in metrics, in the reference's words.
  public var name: String {
    switch self {
    case .dispatched: "Dispatched"
    case .rejectedCapacity: "RejectedCapacity"
    case .rejectedNoEndpoints: "RejectedNoEndpoints"
    case .rejectedShuttingDown: "RejectedOther"
    case .evictedTimeToLive, .evictedWithoutEndpoints: "EvictedTTL"
    case .evictedContextCancelled: "EvictedContextCancelled"
    }
  }
}
