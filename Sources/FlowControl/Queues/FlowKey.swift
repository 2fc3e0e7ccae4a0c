/// What requests must have in common to wait in the same queue (flow control, model).
public struct FlowKey: Sendable, Hashable {
  /// Whose requests they are: the fairness id, `default-flow` for requests without.
  public var id: String
  /// Priority of the requests' objective; higher goes first.
  public var priority: Int

  /// The flow of requests that name none.
  public static let defaultID = "default-flow"

  /// Creates a key.
  public init(id: String = FlowKey.defaultID, priority: Int = 0) {
    self.id = id
    self.priority = priority
  }
}
