import NIOCore

/// Maps an engine's time to the event loop's clock.
struct EngineClock {
  private let start: NIODeadline
  private let scale: Double

  /// - Parameter scale: wall-clock time over engine time; more than 0.
  init(start: NIODeadline, scale: Double) {
    self.start = start
    self.scale = scale
  }

  /// The engine's time at `deadline`.
  func instant(at deadline: NIODeadline) -> EngineInstant {
    EngineInstant(seconds: Double((deadline - start).nanoseconds) / 1e9 / scale)
  }

  /// The first moment the engine's time is `instant` or later.
  func deadline(of instant: EngineInstant) -> NIODeadline {
    let nanoseconds = min((Double(instant.nanoseconds) * scale).rounded(.up), 4e18)
    return start + .nanoseconds(Int64(nanoseconds))
  }
}
