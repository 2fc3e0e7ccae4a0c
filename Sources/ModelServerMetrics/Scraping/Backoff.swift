/// Waiting times between attempts to reconnect: doubled with each failure from 50 ms to 1 s, jittered down to half so
/// that endpoints which failed together don't come back together.
package struct Backoff {
  package static let shortest = 0.05
  package static let longest = 1.0

  private var ceiling = shortest

  package init() {}

  /// Seconds to wait after another failure.
  /// - Parameter jitter: a random number, 0…1.
  package mutating func next(jitter: Double) -> Double {
    let delay = ceiling * (0.5 + 0.5 * jitter)
    ceiling = min(ceiling * 2, Self.longest)
    return delay
  }

  package mutating func reset() { ceiling = Self.shortest }
}
