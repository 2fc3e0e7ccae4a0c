/// What the series of one spec amount to so far.
struct SeriesAccumulator {
  /// Finite values seen.
  private(set) var count = 0
  private(set) var sum = 0.0
  /// The first value seen.
  private(set) var first: Double?
  /// The value with the greatest timestamp, of equals the first.
  private(set) var latest: Double?
  private var latestTimestamp = 0.0

  mutating func add(_ value: Double, timestamp: Double) {
    if latest == nil || timestamp > latestTimestamp {
      latest = value
      latestTimestamp = timestamp
    }
    guard value.isFinite else { return }
    if first == nil { first = value }
    count += 1
    sum += value
  }

  var mean: Double? { count == 0 ? nil : sum / Double(count) }
  var total: Double? { count == 0 ? nil : sum }
}
