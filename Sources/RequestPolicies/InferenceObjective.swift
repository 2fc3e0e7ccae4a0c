/// How important the requests are that name it (`InferenceObjective`).
public struct InferenceObjective: Sendable, Hashable {
  /// The name that requests give in their objective header.
  public var name: String
  /// Higher goes first; requests below 0 may be dropped when the pool is saturated.
  public var priority: Int

  /// Describes an objective. Without a priority it is 0.
  public init(name: String, priority: Int? = nil) {
    self.name = name
    self.priority = priority ?? 0
  }
}
