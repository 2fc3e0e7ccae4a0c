import CAccelerate
import Endpoints
import Telemetry

/// What tells requests apart in metrics, with the series of those requests. One for each combination and event loop.
final class ModelLabel {
  let labels: RequestLabels
  /// The pool that the requests are for.
  let pool: String
  let series: RequestSeries
  /// Those of requests in queues; nil while none waited.
  var flow: FlowSeries?
  /// Scheduling attempts by endpoint slot, valid for the generation they were made for.
  private var attempts: [(generation: UInt64, counter: TwinCounter)?] = []

  init(labels: RequestLabels, pool: String, series: RequestSeries) {
    self.labels = labels
    self.pool = pool
    self.series = series
  }

  /// The model that servers are asked for.
  var name: String { labels.targetModel }

  /// The counter of attempts that chose this endpoint.
  func attempts(_ endpoint: Endpoint, make: () -> TwinCounter) -> TwinCounter {
    while attempts.count <= endpoint.slot { attempts.append(nil) }
    if let known = attempts[endpoint.slot], known.generation == endpoint.generation { return known.counter }
    let counter = make()
    attempts[endpoint.slot] = (endpoint.generation, counter)
    return counter
  }
}

/// Finds the labels of a request to a pool without making strings for each. One for each pool and event loop.
///
/// Models and flows are named by clients, so the number of combinations is bounded: later ones share one named `other`.
final class ModelLabels {
  /// What tells a request apart.
  struct Identity {
    /// The model the client asked for; empty if unknown.
    var model: UnsafeRawBufferPointer
    /// The model it was replaced by.
    var target: UnsafeRawBufferPointer?
    /// The flow; nil for the default one.
    var fairnessID: UnsafeRawBufferPointer?
    var priority = 0

    /// A request about which only the model is known.
    init(model: UnsafeRawBufferPointer) { self.model = model }

    fileprivate var hash: UInt64 {
      var hash = epp_xxh64(model.baseAddress, model.count, UInt64(bitPattern: Int64(priority)))
      if let target { hash = epp_xxh64(target.baseAddress, target.count, hash ^ 1) }
      if let fairnessID { hash = epp_xxh64(fairnessID.baseAddress, fairnessID.count, hash ^ 2) }
      return hash
    }
  }

  private static let maximumCombinations = 4_096
  private static let maximumLength = 256
  private static let defaultFlow = "default-flow"

  private let metrics: LoopMetrics
  private let pool: String
  private var labels: [UInt64: ModelLabel] = [:]
  private var lastHash: UInt64 = 0
  private var last: ModelLabel?
  private lazy var other = metrics.makeLabel(
    RequestLabels(
      model: LabelBound.overflow, targetModel: LabelBound.overflow, fairnessID: LabelBound.overflow, priority: 0),
    pool: pool)

  init(metrics: LoopMetrics, pool: String) {
    self.metrics = metrics
    self.pool = pool
  }

  /// The labels of a request.
  func label(_ identity: Identity) -> ModelLabel {
    // Requests with equal 64-bit hashes would share labels; only metrics and logs depend on it.
    let hash = identity.hash
    if hash == lastHash, let last { return last }
    let label = labels[hash] ?? makeLabel(identity, hash)
    lastHash = hash
    last = label
    return label
  }

  private func makeLabel(_ identity: Identity, _ hash: UInt64) -> ModelLabel {
    let lengths = [identity.model.count, identity.target?.count ?? 0, identity.fairnessID?.count ?? 0]
    guard labels.count < max(Self.maximumCombinations, 4 * metrics.maximumModels),
      lengths.allSatisfy({ $0 <= Self.maximumLength })
    else { return other }
    let model = String(decoding: identity.model, as: UTF8.self)
    let label = metrics.makeLabel(
      RequestLabels(
        model: model, targetModel: identity.target.map { String(decoding: $0, as: UTF8.self) } ?? model,
        fairnessID: identity.fairnessID.map { String(decoding: $0, as: UTF8.self) } ?? Self.defaultFlow,
        priority: identity.priority), pool: pool)
    labels[hash] = label
    return label
  }
}
