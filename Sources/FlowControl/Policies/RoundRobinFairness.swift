/// `round-robin-fairness-policy`: the flows in turn, in the order of their ids.
public struct RoundRobinFairness: FairnessPolicy {
  /// Creates the policy.
  public init() {}

  /// The flow after the previous one, the first after the last.
  public func choose(among flows: WaitingFlows, previous: String?, now: Double) -> Int? {
    guard let previous else { return 0 }
    // Flows are sorted, so one that has gone in the meantime still has its place.
    var low = 0
    var high = flows.count
    while low < high {
      let middle = (low + high) / 2
      if flows[middle].id <= previous { low = middle + 1 } else { high = middle }
    }
    return low == flows.count ? 0 : low
  }
}
