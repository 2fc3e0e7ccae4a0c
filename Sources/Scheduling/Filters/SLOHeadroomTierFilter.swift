import PickerConfiguration

/// `slo-headroom-tier-filter`: keeps the candidates that are predicted to meet both latency objectives, and now and then
/// the others instead, so that they are tried again (plugin algorithms, filters).
///
/// Candidates without a prediction count among the others. All stay when nothing is predicted or only one of the two
/// tiers has members.
public struct SLOHeadroomTierFilter: Filter {
  let epsilonExploreNeg: Double
  let latency: LatencyAttributes

  /// Creates a filter that reads the predictions of a producer.
  /// - Parameter epsilonExploreNeg: chance that the candidates which miss an objective are kept instead, 0…1.
  public init(epsilonExploreNeg: Double = 0.01, latency: LatencyAttributes) {
    self.epsilonExploreNeg = epsilonExploreNeg
    self.latency = latency
  }

  /// Keeps one of the tiers.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    guard cycle.count > 1, let ttft = latency.predictions(cycle), let first = cycle.attribute(latency.ttftHeadroom),
      let further = cycle.attribute(latency.tpotHeadroom)
    else { return }
    func isPositive(_ position: Int) -> Bool {
      !ttft[position].isNaN && first[position] >= 0 && further[position] >= 0
    }
    let count = keep.indices.reduce(0) { $0 + (isPositive($1) ? 1 : 0) }
    guard count > 0, count < keep.count else { return }
    let explores = epsilonExploreNeg > 0 && cycle.random.unit() < epsilonExploreNeg
    for position in keep.indices { keep[position] = isPositive(position) != explores }
  }
}

extension PluginRegistration {
  static let sloHeadroomTierFilter = PluginRegistration(
    type: "slo-headroom-tier-filter", requires: [.latencyPrediction]
  ) { context in
    SLOHeadroomTierFilter(
      epsilonExploreNeg: context.parameters.double("epsilonExploreNeg", default: 0.01, range: 0...1),
      latency: context.latencyAttributes())
  }
}
