/// `random-picker`: any candidates, whatever their scores.
public struct RandomPicker: Picker {
  let maximumEndpoints: Int

  /// Creates the picker.
  /// - Parameter maximumEndpoints: how many endpoints to choose, 1 or more; those after the first are fallbacks.
  public init(maximumEndpoints: Int = 1) {
    self.maximumEndpoints = max(1, maximumEndpoints)
  }

  /// Appends different candidates, each with the same chance.
  public func pick(_ cycle: SchedulingCycle, totals: UnsafeBufferPointer<Double>, picks: inout [Int]) {
    guard maximumEndpoints > 1 else {
      picks.append(cycle.random.below(totals.count))
      return
    }
    picks.append(contentsOf: totals.indices)
    picks.shuffle(using: &cycle.random)
    if picks.count > maximumEndpoints { picks.removeLast(picks.count - maximumEndpoints) }
  }
}

extension PluginRegistration {
  static let randomPicker = PluginRegistration(type: "random-picker") { context in
    RandomPicker(maximumEndpoints: context.parameters.maximumEndpoints())
  }
}
