/// `priority-holdback-policy`: lower priorities may use less of the pool, so that higher ones find room.
///
/// Ceilings fall in a straight line from the highest priority to the lowest, by rank or by the priorities' values.
public struct PriorityHoldback: UsageLimitPolicy {
  /// What the line runs over.
  public enum Domain: String, Sendable, Hashable, CaseIterable {
    /// The places of the priorities in their order.
    case rank
    /// The priorities themselves.
    case value
  }

  /// Ceiling of the lowest priority, from 0 to below ``maxCeiling``.
  public let minCeiling: Double
  /// Ceiling of the highest priority, up to 1.
  public let maxCeiling: Double
  /// What the line runs over.
  public let domain: Domain

  /// Creates the policy.
  public init(minCeiling: Double, maxCeiling: Double = 1, domain: Domain = .rank) {
    self.minCeiling = minCeiling
    self.maxCeiling = maxCeiling
    self.domain = domain
  }

  /// Sets the ceilings; a single priority, and priorities that are all the same, have the greatest.
  public func limit(saturation: Double, priorities: [Int], ceilings: inout [Double]) {
    guard let highest = priorities.first, let lowest = priorities.last else { return }
    let span = maxCeiling - minCeiling
    for index in ceilings.indices {
      let share: Double
      switch domain {
      case .rank: share = priorities.count > 1 ? 1 - Double(index) / Double(priorities.count - 1) : 1
      case .value:
        share = highest > lowest ? (Double(priorities[index]) - Double(lowest)) / (Double(highest) - Double(lowest)) : 1
      }
      ceilings[index] = minCeiling + share * span
    }
  }
}
