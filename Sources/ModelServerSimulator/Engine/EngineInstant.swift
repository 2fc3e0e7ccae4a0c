/// A point in an engine's own time, in nanoseconds since the engine started.
///
/// The engine has no clock: whoever drives it decides what an instant means in wall-clock time.
public struct EngineInstant: Comparable, Hashable, Sendable {
  /// Nanoseconds since the engine started; never negative.
  public let nanoseconds: Int64

  /// The moment the engine started.
  public static let zero = EngineInstant(nanoseconds: 0)

  /// An instant `nanoseconds` after the start; a negative value is taken as the start.
  public init(nanoseconds: Int64) {
    self.nanoseconds = max(0, nanoseconds)
  }

  /// An instant `seconds` after the start, clamped to what 63 bits of nanoseconds hold (292 years).
  public init(seconds: Double) {
    let value = (seconds * 1e9).rounded()
    guard value > 0 else {
      self.nanoseconds = 0
      return
    }
    self.nanoseconds = value < 9.2e18 ? Int64(value) : Int64.max
  }

  /// Seconds since the engine started.
  public var seconds: Double { Double(nanoseconds) / 1e9 }

  /// This instant moved later by `nanoseconds`, stopping at the largest instant.
  public func advanced(byNanoseconds nanoseconds: Int64) -> EngineInstant {
    let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return EngineInstant(nanoseconds: overflow ? Int64.max : sum)
  }

  /// Whether `left` is the earlier one.
  public static func < (left: EngineInstant, right: EngineInstant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}
