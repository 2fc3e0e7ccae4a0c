extension MetricsRegistry {
  /// A histogram's buckets, added up over series.
  public struct HistogramTotals: Sendable, Hashable {
    /// Upper bounds, ascending.
    public var bounds: [Double]
    /// How many values fell into each bucket, the last one for values above every bound.
    public var counts: [UInt64]
    /// Sum of the values.
    public var sum: Double
  }

  /// The values of a counter or gauge by one of its labels, added up over the others; empty without such a family.
  public func totals(of name: String, by label: String) -> [String: Double] {
    guard let family = family(name), family.kind != .histogram,
      let index = family.labels.firstIndex(where: { $0.name == label })
    else { return [:] }
    var totals: [String: Double] = [:]
    for (values, words) in family.cells { totals[values[index], default: 0] += value(words, family.kind) }
    return totals
  }

  /// The values of a counter or gauge by several of its labels, added up over the others; empty without such a family.
  public func totals(of name: String, by labels: String...) -> [[String]: Double] {
    guard let family = family(name), family.kind != .histogram else { return [:] }
    let indexes = labels.compactMap { label in family.labels.firstIndex { $0.name == label } }
    guard indexes.count == labels.count else { return [:] }
    var totals: [[String]: Double] = [:]
    for (values, words) in family.cells { totals[indexes.map { values[$0] }, default: 0] += value(words, family.kind) }
    return totals
  }

  /// The value of a counter or gauge, added up over all series; 0 without such a family.
  public func total(of name: String) -> Double {
    guard let family = family(name), family.kind != .histogram else { return 0 }
    return family.cells.values.reduce(0) { $0 + value($1, family.kind) }
  }

  private func value(_ words: CellWords, _ kind: MetricKind) -> Double {
    kind == .counter
      ? Double(words.integerSum(word: 0, shards: shardCount)) : words.doubleSum(word: 0, shards: shardCount)
  }

  /// A histogram, added up over all series; nil without such a family.
  public func histogramTotals(of name: String) -> HistogramTotals? {
    guard let family = family(name), family.kind == .histogram else { return nil }
    var totals = HistogramTotals(
      bounds: family.bounds, counts: Array(repeating: 0, count: family.bounds.count + 1), sum: 0)
    for words in family.cells.values {
      for index in totals.counts.indices { totals.counts[index] &+= words.integerSum(word: index, shards: shardCount) }
      totals.sum += words.doubleSum(word: totals.counts.count, shards: shardCount)
    }
    return totals
  }
}
