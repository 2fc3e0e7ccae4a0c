import CAccelerate

/// The score by which several scorers spread load: 1 for the least loaded candidate, 0 for the most loaded one.
enum MinMaxScore {
  /// (hi − value) / (hi − lo); 1 for all when they are equal.
  static func lowerIsBetter(
    _ values: UnsafeBufferPointer<Double>, into scores: UnsafeMutableBufferPointer<Double>
  ) {
    guard let first = values.first else { return }
    let (low, high) = Extremes.of(values, low: first, high: first)
    let range = high - low
    guard range > 0 else {
      scores.update(repeating: 1)
      return
    }
    guard let source = values.baseAddress, let target = scores.baseAddress else { return }
    epp_distance_f64(source, high, range, target, scores.count)
  }
}
