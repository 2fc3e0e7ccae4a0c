// Each metric exists under the reference EPP's name and under the llm-d router's. A twin holds the cells of both, so that
// one call records both and call sites don't know how many names there are.

/// A counter under its older and its newer name.
public struct TwinCounter: Sendable {
  let older: CounterCell?
  let newer: CounterCell

  /// Adds `amount`.
  public func add(_ amount: UInt64 = 1, on shard: MetricsShard) {
    older?.add(amount, on: shard)
    newer.add(amount, on: shard)
  }
}

/// A gauge under its older and its newer name.
public struct TwinGauge: Sendable {
  let older: GaugeCell?
  let newer: GaugeCell

  /// Adds `amount` to this shard's contribution.
  public func add(_ amount: Double = 1, on shard: MetricsShard) {
    older?.add(amount, on: shard)
    newer.add(amount, on: shard)
  }

  /// Takes `amount` from this shard's contribution.
  public func subtract(_ amount: Double = 1, on shard: MetricsShard) {
    older?.subtract(amount, on: shard)
    newer.subtract(amount, on: shard)
  }

  /// Replaces this shard's contribution; see ``GaugeCell/set(_:on:)``.
  public func set(_ value: Double, on shard: MetricsShard) {
    older?.set(value, on: shard)
    newer.set(value, on: shard)
  }
}

/// A histogram under its older and its newer name.
public struct TwinHistogram: Sendable {
  let older: HistogramCell?
  let newer: HistogramCell

  /// Counts a value; `times` for values that stand for others which were not measured.
  public func observe(_ value: Double, times: UInt64 = 1, on shard: MetricsShard) {
    older?.observe(value, times: times, on: shard)
    newer.observe(value, times: times, on: shard)
  }
}

/// A family under its older and its newer name.
struct TwinFamily<Family: Sendable>: Sendable {
  let older: Family?
  let newer: Family
}

extension TwinFamily<CounterFamily> {
  func twin(older olderValues: [String], newer newerValues: [String]) -> TwinCounter {
    TwinCounter(older: older?.cell(olderValues), newer: newer.cell(newerValues))
  }
}

extension TwinFamily<GaugeFamily> {
  func twin(older olderValues: [String], newer newerValues: [String]) -> TwinGauge {
    TwinGauge(older: older?.cell(olderValues), newer: newer.cell(newerValues))
  }

  func remove(older olderValues: [String], newer newerValues: [String]) {
    older?.remove(olderValues)
    newer.remove(newerValues)
  }
}

extension TwinFamily<HistogramFamily> {
  func twin(older olderValues: [String], newer newerValues: [String]) -> TwinHistogram {
    TwinHistogram(older: older?.cell(olderValues), newer: newer.cell(newerValues))
  }
}
