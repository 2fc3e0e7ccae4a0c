import Endpoints
import Scheduling
import Telemetry

/// Measures how long plugins take, for one request in a number of them. One for each event loop.
///
/// A measured call counts for all those that were not, so counts and sums are estimates of the whole.
final class PluginTimer: PluginStopwatch {
  private struct Key: Hashable {
    let point: ExtensionPoint
    let plugin: String
  }

  private let metrics: ReferenceMetrics
  private let shard: MetricsShard
  private let clock: NanosecondClock
  private let interval: UInt64
  private var requests: UInt64 = 0
  private var last: UInt64 = 0
  private var series: [Key: TwinHistogram] = [:]
  private var types: [String: String] = [:]
  private var pool: PoolState?

  /// - Parameter interval: one request in so many is measured; 0 for none.
  init(_ metrics: ReferenceMetrics, shard: MetricsShard, clock: NanosecondClock, interval: Int) {
    self.metrics = metrics
    self.shard = shard
    self.clock = clock
    self.interval = UInt64(max(0, interval))
  }

  /// Whether the next request is measured.
  func isDue(_ pool: PoolState) -> Bool {
    guard interval > 0 else { return false }
    requests &+= 1
    guard requests >= interval else { return false }
    requests = 0
    if pool !== self.pool {
      self.pool = pool
      series.removeAll()
      types = Dictionary(pool.plugins.instances.map { ($0.name, $0.type) }) { first, _ in first }
    }
    return true
  }

  /// A pool is gone.
  func forget(_ endpoints: EndpointTable) {
    guard pool?.endpoints === endpoints else { return }
    pool = nil
    series.removeAll()
  }

  func start() { last = clock.nanoseconds() }

  func lap(_ point: ExtensionPoint, _ plugin: String) {
    let seconds = Double(clock.nanoseconds() &- last) * 1e-9
    let key = Key(point: point, plugin: plugin)
    let histogram = series[key] ?? makeSeries(key)
    histogram.observe(seconds, times: interval, on: shard)
    last = clock.nanoseconds()
  }

  private func makeSeries(_ key: Key) -> TwinHistogram {
    let made = metrics.pluginDurationSeries(
      extensionPoint: key.point.rawValue, type: types[key.plugin] ?? key.plugin, name: key.plugin)
    series[key] = made
    return made
  }
}
