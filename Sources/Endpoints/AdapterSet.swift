/// The LoRA adapters of one model server at one moment.
public final class AdapterSet: Sendable {
  /// Adapters in the running batch.
  public let active: Set<String>
  /// Adapters that requests wait for.
  public let waiting: Set<String>
  /// How many adapters fit at the same time; 0 if the server doesn't tell.
  public let maximum: Int

  /// Creates a set.
  public init(active: Set<String>, waiting: Set<String>, maximum: Int) {
    self.active = active
    self.waiting = waiting
    self.maximum = maximum
  }
}
