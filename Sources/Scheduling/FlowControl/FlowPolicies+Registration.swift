import FlowControl
import PickerConfiguration

// The policies know nothing of plugins; here they become some.

extension GlobalStrictFairness: Plugin {}
extension RoundRobinFairness: Plugin {}
extension FirstComeFirstServed: Plugin {}
extension EarliestDeadlineFirst: Plugin {}
extension ObjectiveDeadlineFirst: Plugin {}
extension ShortestWorkFirst: Plugin {}
extension StaticUsageLimit: Plugin {}
extension PriorityHoldback: Plugin {}
extension SoftReflectiveCeiling: Plugin {}

extension PluginRegistration {
  static let globalStrictFairness = PluginRegistration(type: "global-strict-fairness-policy") { _ in
    GlobalStrictFairness()
  }

  static let roundRobinFairness = PluginRegistration(type: "round-robin-fairness-policy") { _ in
    RoundRobinFairness()
  }

  static let firstComeFirstServed = PluginRegistration(type: "fcfs-ordering-policy") { _ in FirstComeFirstServed() }

  static let earliestDeadlineFirst = PluginRegistration(type: "edf-ordering-policy") { _ in EarliestDeadlineFirst() }

  static let objectiveDeadlineFirst = PluginRegistration(type: "slo-deadline-ordering-policy") { _ in
    ObjectiveDeadlineFirst()
  }

  static let shortestWorkFirst = PluginRegistration(
    type: "shortest-work-ordering-policy", requires: [.inFlightLoad, .tokenizedPrompt]
  ) { context in
    ShortestWorkFirst(
      secondsPerThousandTokens: context.parameters.double("secondsPerThousandTokens", default: 5, range: 0...1e6))
  }

  static let staticUsageLimit = PluginRegistration(type: "static-usage-limit-policy") { context in
    StaticUsageLimit(threshold: context.parameters.double("threshold", default: 1, range: 0...))
  }

  static let priorityHoldback = PluginRegistration(type: "priority-holdback-policy", stability: .alpha) { context in
    let decoder = context.parameters
    _ = decoder.enumeration("shape", default: HoldbackShape.linear)
    let domain = decoder.enumeration("domain", default: PriorityHoldback.Domain.rank)
    let maximum = decoder.double("maxCeiling", default: 1, range: 0...1)
    let minimum = decoder.requiredDouble("minCeiling", range: 0...1)
    if maximum <= 0 { decoder.reject("maxCeiling", "must be above 0") }
    if minimum >= maximum, maximum > 0 { decoder.reject("minCeiling", "must be below maxCeiling") }
    return PriorityHoldback(minCeiling: minimum, maxCeiling: maximum, domain: domain)
  }

  static let softReflectiveCeiling = PluginRegistration(type: "soft-reflective-ceiling-policy", stability: .alpha) {
    _ in
    SoftReflectiveCeiling()
  }
}

/// How ceilings fall from the highest priority to the lowest; there is one way so far.
private enum HoldbackShape: String, CaseIterable {
  case linear
}
