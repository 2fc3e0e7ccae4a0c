#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `weighted-random-picker`: candidates at random, each with a chance proportional to its total.
///
/// Draws without replacement by the keys U^(1/total) (A-Res); totals of 0 and below come last. When no total is
/// positive it picks as ``RandomPicker``.
public struct WeightedRandomPicker: Picker {
  let maximumEndpoints: Int

  /// Creates the picker.
  /// - Parameter maximumEndpoints: how many endpoints to choose, 1 or more; those after the first are fallbacks.
  public init(maximumEndpoints: Int = 1) {
    self.maximumEndpoints = max(1, maximumEndpoints)
  }

  /// Appends the candidates drawn.
  public func pick(_ cycle: SchedulingCycle, totals: UnsafeBufferPointer<Double>, picks: inout [Int]) {
    guard totals.contains(where: { $0 > 0 }) else {
      return RandomPicker(maximumEndpoints: maximumEndpoints).pick(cycle, totals: totals, picks: &picks)
    }
    let keys = cycle.makeScores()
    for position in totals.indices {
      let total = totals[position]
      // The logarithm of U^(1/total): the same order, without underflow for small totals.
      keys[position] = total > 0 ? log(max(cycle.random.unit(), 1e-10)) / total : -.infinity
    }
    guard maximumEndpoints > 1 else {
      picks.append(MaxScorePicker.best(UnsafeBufferPointer(keys), &cycle.random))
      return
    }
    picks.append(contentsOf: totals.indices)
    picks.sort { keys[$0] > keys[$1] }
    if picks.count > maximumEndpoints { picks.removeLast(picks.count - maximumEndpoints) }
  }
}

extension PluginRegistration {
  static let weightedRandomPicker = PluginRegistration(type: "weighted-random-picker") { context in
    WeightedRandomPicker(maximumEndpoints: context.parameters.maximumEndpoints())
  }
}
