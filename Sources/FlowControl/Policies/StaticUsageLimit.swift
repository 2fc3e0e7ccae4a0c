/// `static-usage-limit-policy`: every priority may use the same part of the pool.
public struct StaticUsageLimit: UsageLimitPolicy {
  /// The saturation from which on requests wait.
  public let threshold: Double

  /// Creates the policy.
  public init(threshold: Double = 1) {
    self.threshold = threshold
  }

  /// Sets all ceilings to the threshold.
  public func limit(saturation: Double, priorities: [Int], ceilings: inout [Double]) {
    for index in ceilings.indices { ceilings[index] = threshold }
  }
}
