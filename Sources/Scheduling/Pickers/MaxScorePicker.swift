import CAccelerate
import PickerConfiguration

/// `max-score-picker`: the candidates with the highest totals, ties broken at random.
public struct MaxScorePicker: Picker {
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

  /// Appends the best candidates.
  public func pick(_ cycle: SchedulingCycle, totals: UnsafeBufferPointer<Double>, picks: inout [Int]) {
    guard maximumEndpoints > 1 else {
      picks.append(cycle.withRandom(random) { Self.best(totals, &$0) })
      return
    }
    picks.append(contentsOf: totals.indices)
    cycle.withRandom(random) { picks.shuffle(using: &$0) }
    // The sort is stable, so the shuffle decides ties.
    picks.sort { totals[$0] > totals[$1] }
    if picks.count > maximumEndpoints { picks.removeLast(picks.count - maximumEndpoints) }
  }

  /// The position of the greatest total, any of them with the same chance.
  static func best(_ totals: UnsafeBufferPointer<Double>, _ random: inout RandomSource) -> Int {
    guard let base = totals.baseAddress else { return random.below(totals.count) }
    let highest = Extremes.of(totals).high
    let skipped = random.below(epp_count_equal_f64(base, totals.count, highest))
    let position = epp_find_equal_f64(base, totals.count, highest, skipped)
    return position < totals.count ? position : random.below(totals.count)
  }
}

extension PluginRegistration {
  static let maxScorePicker = PluginRegistration(type: "max-score-picker") { context in
    MaxScorePicker(maximumEndpoints: context.parameters.maximumEndpoints(), random: context.seededRandom())
  }
}

extension ParameterDecoder {
  /// `maxNumOfEndpoints`, which all pickers take; less than 1 means 1.
  func maximumEndpoints() -> Int { max(1, int("maxNumOfEndpoints", default: 1)) }
}
