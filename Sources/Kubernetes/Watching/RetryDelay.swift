/// How long to wait before trying again: longer after every failure, with jitter so that many clients do not come at once.
struct RetryDelay: Sendable {
  /// Seconds after the first failure.
  let first: Double
  /// Most seconds.
  let longest: Double
  private var failures = 0

  init(first: Double = 0.2, longest: Double = 30) {
    self.first = first
    self.longest = longest
  }

  /// Another failure. Waits double up to ``longest`` and are shortened by up to half.
  /// - Parameter random: a number from 0 to 1.
  mutating func next(random: Double) -> Double {
    let full = min(longest, first * Double(1 << min(failures, 20)))
    failures += 1
    return full * (1 - random / 2)
  }

  /// Things go well again.
  mutating func reset() { failures = 0 }
}
