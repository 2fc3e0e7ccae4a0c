import FlowControl
import Testing

@Suite("Flow control policies")
struct PolicyTests {
  @Test("strict fairness follows the ordering, whichever flow a request is in")
  func globalStrict() {
    var queues = NamedQueues(settings(GlobalStrictFairness(), EarliestDeadlineFirst()))
    queues.add("30", flow: "b", timeToLive: 30)
    queues.add("10", flow: "c", timeToLive: 10)
    queues.add("20", flow: "a", timeToLive: 20)
    queues.add("20 too", flow: "c", timeToLive: 20)
    #expect(queues.drain() == ["10", "20", "20 too", "30"])
  }

  @Test("round robin serves flows in turn by their ids, also when one is gone or new")
  func roundRobin() {
    var queues = NamedQueues(settings(RoundRobinFairness()))
    for name in ["a1", "a2", "a3", "c1", "c2"] { queues.add(name, flow: String(name.prefix(1))) }
    #expect(queues.next() == "a1")
    queues.add("b1", flow: "b")
    #expect(queues.next() == "b1")
    #expect(queues.next() == "c1", "b has nothing left and keeps its place all the same")
    #expect(queues.next() == "a2")
    #expect(queues.next() == "c2")
    #expect(queues.next() == "a3")
    #expect(queues.next() == nil)
  }

  @Test("first come, first served orders by arrival")
  func firstCome() {
    var queues = NamedQueues(settings())
    queues.add("1", at: 5, timeToLive: 100)
    queues.add("2", at: 5, timeToLive: 1)
    queues.add("3", flow: "0", at: 5)
    #expect(queues.drain() == ["1", "2", "3"])
  }

  @Test("the earliest deadline goes first; no deadline goes last")
  func earliestDeadline() {
    var queues = NamedQueues(settings(GlobalStrictFairness(), EarliestDeadlineFirst()))
    queues.add("never", at: 0, timeToLive: 0)
    queues.add("at 12", at: 2, timeToLive: 10)
    queues.add("at 11", at: 6, timeToLive: 5)
    queues.add("never too", at: 7, timeToLive: 0)
    #expect(queues.drain() == ["at 11", "at 12", "never", "never too"])
  }

  @Test("the first token that is due first goes first, counted from the request's arrival")
  func objectives() {
    var queues = NamedQueues(settings(GlobalStrictFairness(), ObjectiveDeadlineFirst()))
    queues.add("none", at: 0)
    queues.add("at 3", at: 2, received: 1, objective: 2)
    queues.add("at 2.5", at: 2, received: 2, objective: 0.5)
    queues.add("at 3 too", at: 3, received: 2, objective: 1)
    #expect(queues.drain() == ["at 2.5", "at 3", "at 3 too", "none"])
  }

  @Test("little work passes much, but not for ever")
  func shortestWork() {
    var queues = NamedQueues(settings(GlobalStrictFairness(), ShortestWorkFirst(secondsPerThousandTokens: 2)))
    queues.add("4k at 0", at: 0, uncachedTokens: 4_000)
    queues.add("cached at 1", bytes: 400_000, at: 1, uncachedTokens: 0)
    queues.add("1k at 5", at: 5, uncachedTokens: 1_000)
    // 1,000 tokens, as nobody knows what is cached.
    queues.add("4 KB at 5.5", bytes: 4_000, at: 5.5)
    queues.add("1k at 6.5", at: 6.5, uncachedTokens: 1_000)
    #expect(queues.drain() == ["cached at 1", "1k at 5", "4 KB at 5.5", "4k at 0", "1k at 6.5"])
  }

  private func ceilings(_ policy: any UsageLimitPolicy, _ saturation: Double, _ priorities: [Int]) -> [Double] {
    var ceilings = priorities.map { _ in 1.0 }
    policy.limit(saturation: saturation, priorities: priorities, ceilings: &ceilings)
    return ceilings
  }

  @Test("the static limit is the same for all")
  func staticLimit() {
    #expect(ceilings(StaticUsageLimit(threshold: 0.7), 0.2, [3, 0, -1]) == [0.7, 0.7, 0.7])
  }

  @Test("holding back for higher priorities: a line over ranks or values")
  func holdback() {
    let byRank = PriorityHoldback(minCeiling: 0.5)
    #expect(ceilings(byRank, 0, [10, 1, 0]) == [1, 0.75, 0.5])
    #expect(ceilings(byRank, 0, [4]) == [1])
    let byValue = PriorityHoldback(minCeiling: 0.2, maxCeiling: 0.8, domain: .value)
    for (ceiling, expected) in zip(ceilings(byValue, 0, [10, 1, 0]), [0.8, 0.26, 0.2]) {
      #expect(abs(ceiling - expected) < 1e-12)
    }
    #expect(ceilings(byValue, 0, [4]) == [0.8])
    #expect(ceilings(byValue, 0, [Int.max, Int.min]) == [0.8, 0.2], "extremes do not overflow")
  }

  @Test("soft ceilings open lower priorities now and then")
  func softCeilings() {
    let policy = SoftReflectiveCeiling()
    // Ceilings of their own at 0.62: 1, 0.69 and 0.38, so the last one opens every round(0.62 / 0.38) = 2 evaluations.
    let runs = (0..<6).map { _ in ceilings(policy, 0.62, [2, 1, 0]) }
    #expect(runs.allSatisfy { $0[0] == 1 && $0[1] == 1 })
    #expect(runs.map { $0[2] } == [0, 1, 0, 1, 0, 1])
    #expect(ceilings(policy, 1, [2, 1, 0]) == [1, 0, 0])
    // At 0.9: 1, 0.55 and 0.1 are passed; every 9 evaluations.
    let open = (0..<18).filter { _ in ceilings(policy, 0.9, [2, 1, 0])[1] == 1 }
    #expect(open.count == 2)
    #expect(ceilings(policy, 0.9, [0]) == [1])
  }

  @Test("flows that received less service go first, and service fades")
  func programs() {
    let policy = ProgramAwareFairness()
    var queues = NamedQueues(settings(policy))
    policy.served("a", promptTokens: 1_000, outputTokens: 100, now: 0)
    policy.served("b", promptTokens: 100, outputTokens: 100, now: 0)
    for name in ["a1", "a2", "b1", "b2", "c1"] { queues.add(name, flow: String(name.prefix(1))) }
    #expect(queues.next() == "c1", "c was never served")
    #expect(queues.next() == "b1")
    policy.served("b", promptTokens: 0, outputTokens: 1_000, now: 1)
    #expect(queues.next(at: 1) == "a1", "b has 2,300 by now, a has 1,200")
    #expect(queues.next(at: 100_000) == "a2", "the service of old is forgotten; equal ones go by id")
  }

  @Test("a long wait outweighs service when it weighs more")
  func programsThatWait() {
    var parameters = ProgramAwareFairness.Parameters()
    parameters.serviceWeight = 0.2
    parameters.headWaitWeight = 0.8
    parameters.halfLife = 0
    let policy = ProgramAwareFairness(parameters: parameters)
    policy.served("a", promptTokens: 1, outputTokens: 0, now: 0)
    var queues = NamedQueues(settings(policy))
    queues.add("b1", flow: "b", at: 5)
    queues.add("a1", flow: "a", at: 1)
    #expect(queues.next(at: 6) == "a1")
  }

  @Test("outcomes have the reference's names")
  func names() {
    #expect(
      FlowOutcome.allCases.map(\.name) == [
        "Dispatched", "RejectedCapacity", "RejectedNoEndpoints", "RejectedOther", "EvictedTTL", "EvictedTTL",
        "EvictedContextCancelled",
      ])
  }
}
