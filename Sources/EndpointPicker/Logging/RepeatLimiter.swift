/// Lets some events of each cause through in every second and counts the others. A pure value without a clock.
package struct RepeatLimiter {
  private struct Cause {
    var second = -1.0
    var admitted = 0
    var suppressed = 0
  }

  /// Events of one cause that pass in a second.
  let perSecond: Int
  private var causes: [String: Cause] = [:]

  package init(perSecond: Int) {
    self.perSecond = max(1, perSecond)
  }

  /// An event happens.
  /// - Parameter cause: one of a bounded number.
  /// - Returns: whether it passes.
  package mutating func admits(_ cause: String, now: Double) -> Bool {
    let second = now.rounded(.down)
    var state = causes[cause] ?? Cause()
    if state.second != second {
      state.second = second
      state.admitted = 0
    }
    let admits = state.admitted < perSecond
    if admits { state.admitted += 1 } else { state.suppressed += 1 }
    causes[cause] = state
    return admits
  }

  /// How many events of each cause were held back since this was called last.
  package mutating func takeSuppressed() -> [(cause: String, count: Int)] {
    let counts = causes.filter { $0.value.suppressed > 0 }.map { (cause: $0.key, count: $0.value.suppressed) }
    for (cause, _) in counts { causes[cause]?.suppressed = 0 }
    return counts.sorted { $0.cause < $1.cause }
  }
}
