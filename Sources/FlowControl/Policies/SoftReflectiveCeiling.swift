import Synchronization

/// `soft-reflective-ceiling-policy`: lower priorities are let through less and less often as the pool fills up, never
/// in a burst.
///
/// A priority whose own ceiling the saturation has passed opens once in a number of evaluations that grows with the
/// saturation; evaluations are counted over all priorities.
public final class SoftReflectiveCeiling: UsageLimitPolicy {
  private let evaluations = Atomic<UInt64>(0)

  /// Creates the policy.
  public init() {}

  /// Opens and closes the priorities; the highest is always open.
  public func limit(saturation: Double, priorities: [Int], ceilings: inout [Double]) {
    let evaluation = evaluations.wrappingAdd(1, ordering: .relaxed).newValue
    for index in ceilings.indices {
      let own = priorities.count > 1 ? 1 - Double(index) * saturation / Double(priorities.count - 1) : 1
      if index == 0 || saturation < own {
        ceilings[index] = 1
      } else if saturation >= 1 {
        ceilings[index] = 0
      } else {
        let period = (saturation / (1 - saturation + 1e-9)).rounded()
        ceilings[index] = period <= 1 || evaluation.isMultiple(of: UInt64(min(period, 1e9))) ? 1 : 0
      }
    }
  }
}
