extension Scheduler {
  /// Tokens of the request's prompt that the candidate with the most of it cached would have to compute, after running
  /// the producers; nil without a producer that tells.
  public func leastUncachedTokens(_ cycle: SchedulingCycle) -> Double? {
    guard cycle.count > 0, let load else { return nil }
    produce(cycle, upTo: producers.count)
    return cycle.scalar(load.uncachedRequestTokens)
  }
}
