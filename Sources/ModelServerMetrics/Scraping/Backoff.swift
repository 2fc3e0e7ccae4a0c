/// Waiting times between attempts to reconnect: doubled with each failure from 50 ms to 1 s unless told otherwise,
/// jittered down to half so that endpoints which failed together don't come back together.
package struct Backoff {
  package static let shortest = 0.05
  package static let longest = 1.0

  private let shortest: Double
  private let longest: Double
  private var ceiling: Double

  /// - Parameters:
  ///   - shortest: seconds after the first failure, before jitter.
  ///   - longest: seconds after many.
  package init(shortest: Double = Self.shortest, longest: Double = Self.longest) {
    self.shortest = shortest
    self.longest = longest
    ceiling = shortest
  }

  /// Seconds to wait after another failure.
  /// - Parameter jitter: a random number, 0…1.
  package mutating func next(jitter: Double) -> Double {
    let delay = ceiling * (0.5 + 0.5 * jitter)
    ceiling = min(ceiling * 2, longest)
    return delay
  }

  package mutating func reset() { ceiling = shortest }
}
