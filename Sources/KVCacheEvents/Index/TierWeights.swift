/// What a block is worth that an endpoint keeps in a tier, 0 or more.
public struct TierWeights: Hashable, Sendable {
  /// The accelerator's memory.
  public var gpu: Double
  /// The host's memory.
  public var cpu: Double
  /// Any other tier, and blocks that are only expected.
  public var other: Double

  /// The given weights.
  public init(gpu: Double = 1, cpu: Double = 0.8, other: Double = 1) {
    self.gpu = gpu
    self.cpu = cpu
    self.other = other
  }
}
