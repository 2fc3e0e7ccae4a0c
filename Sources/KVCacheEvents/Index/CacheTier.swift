/// Where a model server keeps a block of its KV cache.
public enum CacheTier: Int, Sendable, CaseIterable {
  /// The accelerator's memory; also what an event means that names no medium.
  case gpu
  /// The host's memory.
  case cpu
  /// Any other medium.
  case other

  /// The tier of an event's medium, in any case.
  public init(medium: String) {
    self =
      switch medium.lowercased() {
      case "", "gpu": .gpu
      case "cpu": .cpu
      default: .other
      }
  }
}
