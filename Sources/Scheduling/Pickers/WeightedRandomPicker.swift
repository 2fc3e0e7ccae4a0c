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
  let random: SeededRandom?

  /// Creates the picker.
  /// - Parameters:
  ///   - maximumEndpoints: how many endpoints to choose, 1 or more; those after the first are fallbacks.
  ///   - random: where random numbers come from; nil for the event loop's own.
  public init(maximumEndpoints: Int = 1, random: SeededRandom? = nil) {
    self.maximumEndpoints = max(1, maximumEndpoints)
    self.random = random
  }

  /// Appends the candidates drawn.
  public func pick(_ cycle: SchedulingCycle, totals: UnsafeBufferPointer<Double>, picks: inout [Int]) {
    guard totals.contains(where: { $0 > 0 }) else {
      return RandomPicker(maximumEndpoints: maximumEndpoints, random: random)
        .pick(cycle, totals: totals, picks: &picks)
    }
    let keys = cycle.makeScores()
    cycle.withRandom(random) { random in
      for position in totals.indices {
        let total = totals[position]
        // The logarithm of U^(1/total): the same order, without underflow for small totals.
        keys[position] = total > 0 ? log(max(random.unit(), 1e-10)) / total : -.infinity
      }
    }
    guard maximumEndpoints > 1 else {
      picks.append(cycle.withRandom(random) { MaxScorePicker.best(UnsafeBufferPointer(keys), &$0) })
      return
    }
    picks.append(contentsOf: totals.indices)
    picks.sort { keys[$0] > keys[$1] }
    if picks.count > maximumEndpoints { picks.removeLast(picks.count - maximumEndpoints) }
  }
}

extension PluginRegistration {
  static let weightedRandomPicker = PluginRegistration(type: "weighted-random-picker") { context in
    WeightedRandomPicker(maximumEndpoints: context.parameters.maximumEndpoints(), random: context.seededRandom())
  }
}
