import Glibc

/// Times as log lines carry them: RFC 3339, UTC, microseconds.
package enum LogTimestamp {
  /// The present moment, in microseconds since 1970.
  package static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }

  /// `2025-01-31T12:00:00.000001Z`.
  package static func text(microseconds: Int64) -> String {
    let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    var seconds = time_t(remainder < 0 ? quotient - 1 : quotient)
    let fraction = remainder < 0 ? remainder + 1_000_000 : remainder
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "" }
    let date = "\(Int(parts.tm_year) + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    let time = "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
    return "\(date)T\(time).\(padded(fraction, width: 6))Z"
  }

  private static func padded(_ number: some BinaryInteger, width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
