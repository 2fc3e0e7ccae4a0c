import Endpoints
import ExtProc
import GRPC
import Scheduling
import Telemetry

/// What one event loop records about streams and decisions, beside the metrics of requests (``LoopMetrics``).
///
/// Not thread-safe; everything here is a few plain adds.
final class LoopInstruments {
  private let metrics: ReferenceMetrics
  private let own: PickerMetrics
  private let shard: MetricsShard
  private let timer: PluginTimer
  private let decisionDuration: HistogramCell
  private let requestProcessing: HistogramCell
  private let responseProcessing: HistogramCell
  private let streamsInFlight: GaugeCell?
  private let streamDuration: HistogramCell?
  private var streamsByCode: [GRPCStatus.Code: CounterCell] = [:]
  private var streamsByMode: [BodyModes: CounterCell] = [:]
  private let streamsWithoutMode: CounterCell
  private var lastModes: (modes: BodyModes, cell: CounterCell)?
  private var suppressedLines: [String: CounterCell] = [:]
  private var inquiries: [InquiryResult: CounterCell] = [:]
  /// What remembers prefixes in each pool.
  private var prefixes: [(pool: PoolState, sources: [PrefixSource])] = []

  private struct PrefixSource {
    let source: any PrefixMatchSource
    let series: PrefixIndexerSeries
  }

  init(
    _ metrics: ReferenceMetrics, own: PickerMetrics, shard: MetricsShard, clock: NanosecondClock,
    pluginTimingInterval: Int
  ) {
    self.metrics = metrics
    self.own = own
    self.shard = shard
    timer = PluginTimer(metrics, shard: shard, clock: clock, interval: pluginTimingInterval)
    decisionDuration = own.decisionDuration.cell()
    requestProcessing = metrics.requestProcessingSeries()
    responseProcessing = metrics.responseProcessingSeries()
    streamsInFlight = own.streams?.inFlight.cell()
    streamDuration = own.streams?.duration.cell()
    streamsWithoutMode = own.streamsByMode.cell(["unknown", "unknown"])
  }

  // MARK: Decisions

  /// A request is about to be scheduled.
  func begin(_ cycle: SchedulingCycle, _ pool: PoolState) {
    if timer.isDue(pool) { cycle.stopwatch = timer }
  }

  /// The request of a cycle has been placed.
  /// - Returns: what the chosen endpoint had of its prompt.
  func decided(_ cycle: SchedulingCycle, _ pool: PoolState, nanoseconds: UInt64) -> PrefixMatch? {
    decisionDuration.observe(Double(nanoseconds) * 1e-9, on: shard)
    var first: PrefixMatch?
    let known = prefixes.firstIndex { $0.pool === pool } ?? use(pool)
    for prefix in prefixes[known].sources {
      guard let match = prefix.source.placedMatch(cycle), match.totalBlocks > 0 else { continue }
      prefix.series.hitRatio.observe(Double(match.matchedBlocks) / Double(match.totalBlocks), on: shard)
      prefix.series.hitBytes.observe(Double(match.matchedBlocks * match.tokensPerBlock * 4), on: shard)
      first = first ?? match
    }
    return first
  }

  private func use(_ pool: PoolState) -> Int {
    let sources = pool.plugins.plugins((any PrefixMatchSource).self).map { instance, source in
      PrefixSource(
        source: source, series: metrics.prefixIndexerSeries(pluginType: instance.type, pluginName: instance.name))
    }
    // A pool whose configuration was replaced, or that is gone, leaves nothing behind.
    prefixes.removeAll { $0.pool.endpoints === pool.endpoints || $0.pool.endpoints.isClosed }
    prefixes.append((pool, sources))
    return prefixes.count - 1
  }

  /// A pool is gone.
  func forget(_ endpoints: EndpointTable) {
    prefixes.removeAll { $0.pool.endpoints.isClosed }
    timer.forget(endpoints)
  }

  /// What came of a question to another process.
  enum InquiryResult: String {
    case answered
    case failed
    /// The request was over before there was an answer.
    case cancelled

    init(_ answer: InquiryAnswer) { self = answer.okBody == nil ? .failed : .answered }
  }

  /// A question to another process came to its end.
  func inquiryEnded(_ result: InquiryResult) {
    let cell = inquiries[result] ?? own.inquiries.cell([result.rawValue])
    inquiries[result] = cell
    cell.add(on: shard)
  }

  // MARK: Streams

  /// The request was answered.
  func requestAnswered(nanoseconds: UInt64) { requestProcessing.observe(Double(nanoseconds) * 1e-9, on: shard) }

  /// The response went through.
  func responseAnswered(nanoseconds: UInt64) { responseProcessing.observe(Double(nanoseconds) * 1e-9, on: shard) }

  /// A stream began.
  func streamBegan() { streamsInFlight?.add(on: shard) }

  /// The first message of a stream told the proxy's modes, or did not.
  func streamHasModes(_ modes: BodyModes?) {
    guard let modes else { return streamsWithoutMode.add(on: shard) }
    if let lastModes, lastModes.modes == modes { return lastModes.cell.add(on: shard) }
    let cell =
      streamsByMode[modes]
      ?? own.streamsByMode.cell([modes.request?.name ?? "other", modes.response?.name ?? "other"])
    streamsByMode[modes] = cell
    lastModes = (modes, cell)
    cell.add(on: shard)
  }

  /// A stream ended.
  func streamEnded(_ code: GRPCStatus.Code, nanoseconds: UInt64) {
    guard let streamsInFlight, let streamDuration, let total = own.streams?.total else { return }
    streamsInFlight.subtract(on: shard)
    streamDuration.observe(Double(nanoseconds) * 1e-9, on: shard)
    let cell = streamsByCode[code] ?? total.cell([code.name])
    streamsByCode[code] = cell
    cell.add(on: shard)
  }

  /// Whether ends of streams are counted, so that nobody needs to look at a clock otherwise.
  var countsStreams: Bool { streamsInFlight != nil }

  /// Log lines were left out.
  func suppressed(_ lines: Int, code: String) {
    let cell = suppressedLines[code] ?? own.suppressedLines.cell([code])
    suppressedLines[code] = cell
    cell.add(UInt64(lines), on: shard)
  }
}
