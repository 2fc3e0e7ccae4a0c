#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// When the streams of an open loop begin, whatever becomes of those before them.
package struct ArrivalProcess: Sendable {
  /// How the times between arrivals are distributed.
  package enum Spacing: String, Sendable, CaseIterable, Codable {
    /// All the same.
    case constant
    /// Exponentially, as of many independent clients.
    case poisson
  }

  private let spacing: Spacing
  private let meanNanoseconds: Double
  private var random: SeededRandom
  private var time: Double

  /// - Parameters:
  ///   - rate: arrivals a second, positive.
  ///   - phase: where the first arrival of constant spacing lies in its interval, 0 ..< 1.
  package init(rate: Double, spacing: Spacing, phase: Double = 0, seed: UInt64) {
    self.spacing = spacing
    meanNanoseconds = 1e9 / rate
    random = SeededRandom(seed: seed)
    time = spacing == .constant ? meanNanoseconds * phase : 0
    if spacing == .poisson { advance() }
  }

  /// The next arrival, in nanoseconds after the start.
  package var next: UInt64 { UInt64(time) }

  /// The next arrival has been dealt with.
  package mutating func advance() {
    switch spacing {
    case .constant: time += meanNanoseconds
    case .poisson: time -= log(1 - random.unit()) * meanNanoseconds
    }
  }
}
