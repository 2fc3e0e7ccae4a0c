import CAccelerate
import Endpoints
import Telemetry

/// A model name as it appears in metrics, with the series of its requests. One for each name and event loop.
final class ModelLabel {
  let labels: RequestLabels
  let series: RequestSeries
  /// Scheduling attempts by endpoint slot, valid for the generation they were made for.
  private var attempts: [(generation: UInt64, counter: TwinCounter)?] = []

  init(labels: RequestLabels, series: RequestSeries) {
    self.labels = labels
    self.series = series
  }

  /// The name.
  var name: String { labels.model }

  /// The counter of attempts that chose this endpoint.
  func attempts(_ endpoint: Endpoint, make: () -> TwinCounter) -> TwinCounter {
    while attempts.count <= endpoint.slot { attempts.append(nil) }
    if let known = attempts[endpoint.slot], known.generation == endpoint.generation { return known.counter }
    let counter = make()
    attempts[endpoint.slot] = (endpoint.generation, counter)
    return counter
  }
}

/// Finds the label of a model name without making a string for each request. One for each event loop.
///
/// Names come from clients, so their number is bounded: later ones share a label named `other`.
final class ModelLabels {
  private static let maximumNames = 1_000
  private static let maximumLength = 256

  private let metrics: LoopMetrics
  private var labels: [UInt64: ModelLabel] = [:]
  private var lastHash: UInt64 = 0
  private var last: ModelLabel?
  private lazy var other = metrics.makeLabel(model: LabelBound.overflow)

  init(metrics: LoopMetrics) {
    self.metrics = metrics
  }

  /// The label of a model name.
  func label(_ name: UnsafeRawBufferPointer) -> ModelLabel {
    // Names with equal 64-bit hashes would share a label; only metrics and logs depend on it.
    let hash = epp_xxh64(name.baseAddress, name.count, 0)
    if hash == lastHash, let last { return last }
    let label = labels[hash] ?? makeLabel(name, hash)
    lastHash = hash
    last = label
    return label
  }

  private func makeLabel(_ name: UnsafeRawBufferPointer, _ hash: UInt64) -> ModelLabel {
    guard labels.count < Self.maximumNames, name.count <= Self.maximumLength else { return other }
    let label = metrics.makeLabel(model: String(decoding: name, as: UTF8.self))
    labels[hash] = label
    return label
  }
}
