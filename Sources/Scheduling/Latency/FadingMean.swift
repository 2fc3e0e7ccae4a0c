import Synchronization

/// The mean of a value over the last seconds, of which the latest count most.
///
/// Safe to use from any thread; of two that add at the same moment one may be lost, which a mean bears.
package final class FadingMean: Sendable {
  private let seconds: Double
  private let mean = Atomic<UInt64>(0)
  private let updatedAt = Atomic<UInt64>(0)

  /// - Parameter seconds: over about how long.
  package init(seconds: Double) {
    self.seconds = seconds
  }

  /// Adds what the value has been since it was added last. The first one counts as if it had been 0 before.
  /// - Returns: the mean.
  package func add(_ value: Double, now: Double) -> Double {
    let last = Double(bitPattern: updatedAt.load(ordering: .relaxed))
    let before = Double(bitPattern: mean.load(ordering: .relaxed))
    guard now > last, value.isFinite else { return before }
    let elapsed = last > 0 ? now - last : 0
    let after = before + elapsed / (seconds + elapsed) * (value - before)
    updatedAt.store(now.bitPattern, ordering: .relaxed)
    mean.store(after.bitPattern, ordering: .relaxed)
    return after
  }
}
