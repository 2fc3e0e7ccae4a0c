#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Time that never goes back. Tests put their own in its place.
public struct NanosecondClock: Sendable {
  private let source: @Sendable () -> UInt64

  /// Creates a clock from a function that returns nanoseconds.
  public init(_ source: @escaping @Sendable () -> UInt64) {
    self.source = source
  }

  /// The system's monotonic clock.
  public static let system = NanosecondClock {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// Nanoseconds since an arbitrary moment.
  @inline(__always)
  public func nanoseconds() -> UInt64 { source() }

  /// Seconds since an arbitrary moment.
  public func seconds() -> Double { Double(nanoseconds()) * 1e-9 }
}
