/// `random-picker`: any candidates, whatever their scores.
public struct RandomPicker: Picker {
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

  /// Appends different candidates, each with the same chance.
  public func pick(_ cycle: SchedulingCycle, totals: UnsafeBufferPointer<Double>, picks: inout [Int]) {
    guard maximumEndpoints > 1 else {
      picks.append(cycle.withRandom(random) { $0.below(totals.count) })
      return
    }
    picks.append(contentsOf: totals.indices)
    cycle.withRandom(random) { picks.shuffle(using: &$0) }
    if picks.count > maximumEndpoints { picks.removeLast(picks.count - maximumEndpoints) }
  }
}

extension PluginRegistration {
  static let randomPicker = PluginRegistration(type: "random-picker") { context in
    RandomPicker(maximumEndpoints: context.parameters.maximumEndpoints(), random: context.seededRandom())
  }
}
