import CAccelerate

/// The lowest and the highest of many numbers.
enum Extremes {
  /// Numbers that are not are passed over.
  /// - Parameters:
  ///   - low: the lowest so far.
  ///   - high: the highest so far.
  @inline(__always)
  static func of(
    _ values: UnsafeBufferPointer<Double>, low: Double = .infinity, high: Double = -.infinity
  ) -> (low: Double, high: Double) {
    guard let base = values.baseAddress else { return (low, high) }
    let found = epp_extremes_f64(base, values.count, epp_extremes(low: low, high: high))
    return (found.low, found.high)
  }
}
