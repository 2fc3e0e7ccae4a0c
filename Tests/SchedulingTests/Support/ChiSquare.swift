/// Pearson's test of counts against the shares they should have.
enum ChiSquare {
  /// The statistic for these counts.
  static func statistic(_ counts: [Int], shares: [Double]) -> Double {
    let total = Double(counts.reduce(0, +))
    let sum = shares.reduce(0, +)
    return zip(counts, shares).reduce(0) { statistic, item in
      let expected = total * item.1 / sum
      return statistic + (Double(item.0) - expected) * (Double(item.0) - expected) / expected
    }
  }

  /// The statistic for counts that should be equal.
  static func uniform(_ counts: [Int]) -> Double {
    statistic(counts, shares: Array(repeating: 1, count: counts.count))
  }

  /// The value that a correct distribution exceeds once in a thousand seeds, by number of counts.
  static let limits = [2: 10.83, 3: 13.82, 4: 16.27, 8: 24.32]
}
