import FlowControl
import Telemetry

/// What one event loop records about requests in queues. Not thread-safe.
final class FlowInstruments {
  private let families: FlowFamilies
  private let shard: MetricsShard
  private let cycleDuration: TwinHistogram

  init(_ families: FlowFamilies, shard: MetricsShard) {
    self.families = families
    self.shard = shard
    cycleDuration = families.cycleDurationSeries()
  }

  /// A request was put into a queue, which ran a dispatch cycle.
  /// - Parameter outcome: nil when it waits.
  func asked(_ label: ModelLabel, _ outcome: FlowOutcome?, nanoseconds: UInt64) {
    let seconds = Double(nanoseconds) * 1e-9
    cycleDuration.observe(seconds, on: shard)
    series(label).enqueueDuration(outcome).observe(seconds, on: shard)
  }

  /// A request joined a queue.
  func waits(_ label: ModelLabel, bytes: Int) {
    let series = series(label)
    series.size.add(on: shard)
    series.bytes.add(Double(bytes), on: shard)
  }

  /// A request that waited left its queue.
  func left(_ label: ModelLabel, bytes: Int, _ outcome: FlowOutcome, nanoseconds: UInt64) {
    let series = series(label)
    series.size.subtract(on: shard)
    series.bytes.subtract(Double(bytes), on: shard)
    count(label, outcome, nanoseconds: nanoseconds)
  }

  /// A request went past the queues or was turned away from them.
  func passed(_ label: ModelLabel, _ outcome: FlowOutcome) { count(label, outcome, nanoseconds: 0) }

  private func count(_ label: ModelLabel, _ outcome: FlowOutcome, nanoseconds: UInt64) {
    let series = series(label)
    series.queueDuration(outcome).observe(Double(nanoseconds) * 1e-9, on: shard)
    series.total(outcome).add(on: shard)
  }

  private func series(_ label: ModelLabel) -> FlowSeries {
    if let known = label.flow { return known }
    let made = FlowSeries(families, labels: label.labels, pool: label.pool)
    label.flow = made
    return made
  }
}

/// The series of the requests with the same labels. Belongs to one event loop.
final class FlowSeries {
  let size: TwinGauge
  let bytes: TwinGauge
  private let families: FlowFamilies
  private let labels: RequestLabels
  private let pool: String
  private var durations: [FlowOutcome: TwinHistogram] = [:]
  private var totals: [FlowOutcome: CounterCell] = [:]
  private var enqueueDurations: [FlowOutcome?: TwinHistogram] = [:]

  init(_ families: FlowFamilies, labels: RequestLabels, pool: String) {
    self.families = families
    self.labels = labels
    self.pool = pool
    size = families.sizeSeries(labels, pool: pool)
    bytes = families.bytesSeries(labels, pool: pool)
  }

  /// The series by what came of enqueueing; requests that wait have no outcome yet.
  func enqueueDuration(_ outcome: FlowOutcome?) -> TwinHistogram {
    if let known = enqueueDurations[outcome] { return known }
    let made = families.enqueueDurationSeries(labels, outcome: outcome?.name ?? "NotYetFinalized")
    enqueueDurations[outcome] = made
    return made
  }

  func queueDuration(_ outcome: FlowOutcome) -> TwinHistogram {
    if let known = durations[outcome] { return known }
    let made = families.queueDurationSeries(labels, outcome: outcome.name, pool: pool)
    durations[outcome] = made
    return made
  }
  /// Requests by what came of them, whatever their model.
  func total(_ outcome: FlowOutcome) -> CounterCell {
    if let known = totals[outcome] { return known }
    let made = families.totalSeries(outcome: outcome.name, priority: labels.priority, pool: pool)
    totals[outcome] = made
    return made
  }
}
