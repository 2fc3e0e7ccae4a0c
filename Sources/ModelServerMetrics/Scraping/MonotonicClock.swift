import NIOCore

/// The clock that scrapes are timed and stamped by, in seconds; never goes back. Tests put their own in its place.
package struct MonotonicClock: Sendable {
  /// Seconds since some fixed moment. Any thread.
  package let now: @Sendable () -> Double

  package init(now: @escaping @Sendable () -> Double) {
    self.now = now
  }

  /// The monotonic clock of the system.
  package static let system = MonotonicClock { Double(NIODeadline.now().uptimeNanoseconds) / 1e9 }
}
