/// `global-strict-fairness-policy`: the request that goes first by the ordering policy, whichever flow it is in.
public struct GlobalStrictFairness: FairnessPolicy {
  /// Creates the policy.
  public init() {}

  /// The flow whose first request has the smallest rank, the earliest of equal ones.
  public func choose(among flows: WaitingFlows, previous: String?, now: Double) -> Int? {
    var best = 0
    var first = flows[0]
    for index in 1..<flows.count {
      let flow = flows[index]
      guard (flow.rank, flow.arrival) < (first.rank, first.arrival) else { continue }
      best = index
      first = flow
    }
    return best
  }
}
