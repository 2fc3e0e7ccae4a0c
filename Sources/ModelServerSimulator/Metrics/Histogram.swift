/// A cumulative Prometheus histogram.
struct Histogram: Sendable {
  /// Upper bounds of the buckets, rising, without +Inf.
  let bounds: [Double]
  /// Observations per bucket, not cumulated; the last one is +Inf.
  private(set) var counts: [Int]
  /// Sum of all observations.
  private(set) var sum = 0.0
  /// Number of observations.
  private(set) var count = 0

  init(bounds: [Double]) {
    self.bounds = bounds
    self.counts = Array(repeating: 0, count: bounds.count + 1)
  }

  mutating func observe(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts[bucket] += 1
    sum += value
    count += 1
  }

  /// Bounds 1, 2, 5, 10, 20, 50 … up to `limit`.
  static func oneTwoFive(upTo limit: Int) -> [Double] {
    var bounds: [Double] = []
    var scale = 1
    while true {
      for mantissa in [1, 2, 5] {
        let bound = mantissa * scale
        guard bound <= limit, bound < 1_000_000_000_000 else { return bounds }
        bounds.append(Double(bound))
      }
      scale *= 10
    }
  }
}
