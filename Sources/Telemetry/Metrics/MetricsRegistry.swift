import Synchronization

/// A family that can't be registered.
public struct MetricsRegistrationError: Error, Sendable, CustomStringConvertible {
  /// The family's name.
  public let name: String
  /// What is wrong with it.
  public let reason: String

  /// `metric "name": reason`.
  public var description: String { "metric \"\(name)\": \(reason)" }
}

/// All metrics of the process.
///
/// Families are registered and series are created under locks, which is rare; recording takes none and allocates
/// nothing. May be used from any thread.
public final class MetricsRegistry: Sendable {
  /// The most series a family has before client-controlled labels are merged.
  public static let defaultMaximumSeries = 20_000
  /// The most buckets a histogram may have.
  public static let maximumBuckets = 512

  /// How many shards there are: one for each event loop and the shared one.
  public let shardCount: Int

  private struct State {
    var families: [String: (family: MetricFamily, histogram: HistogramFamily?)] = [:]
    var collectors: [any MetricsCollector] = []
    var refreshers: [@Sendable () -> Void] = []
  }

  private let storage: MetricStorage
  private let maximumSeries: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - eventLoops: how many threads get a shard of their own.
  ///   - maximumSeries: the most series of a family before client-controlled labels are merged.
  public init(eventLoops: Int, maximumSeries: Int = MetricsRegistry.defaultMaximumSeries) {
    shardCount = max(0, eventLoops) + 1
    storage = MetricStorage(shards: shardCount)
    self.maximumSeries = max(1, maximumSeries)
  }

  /// The shard of an event loop, counted from 0; the shared one for any other number. At most one thread may use the
  /// shard of an event loop.
  public func shard(forEventLoop index: Int) -> MetricsShard {
    guard index >= 0, index < shardCount - 1 else { return sharedShard }
    return MetricsShard(byteOffset: index * MetricStorage.stride, isShared: false)
  }

  /// The shard for every thread without one of its own.
  public var sharedShard: MetricsShard {
    MetricsShard(byteOffset: (shardCount - 1) * MetricStorage.stride, isShared: true)
  }

  // MARK: Registration

  /// Registers a family of counters, or returns the one that exists with the same labels.
  ///
  /// - Parameter name: as exposed in the text format, usually ending in `_total`.
  /// - Throws: ``MetricsRegistrationError`` for a bad name or one that is taken.
  public func counter(
    _ name: String, help: String, labels: [MetricLabel] = []
  ) throws(MetricsRegistrationError) -> CounterFamily {
    CounterFamily(family: try register(name, help: help, kind: .counter, labels: labels, bounds: []).family)
  }

  /// Registers a family of gauges, or returns the one that exists with the same labels.
  public func gauge(
    _ name: String, help: String, labels: [MetricLabel] = []
  ) throws(MetricsRegistrationError) -> GaugeFamily {
    GaugeFamily(family: try register(name, help: help, kind: .gauge, labels: labels, bounds: []).family)
  }

  /// Registers a family of histograms, or returns the one that exists with the same labels and buckets.
  ///
  /// - Parameter buckets: upper bounds, inclusive, ascending and finite; the bucket for everything is added.
  public func histogram(
    _ name: String, help: String, labels: [MetricLabel] = [], buckets: [Double]
  ) throws(MetricsRegistrationError) -> HistogramFamily {
    guard buckets.count <= Self.maximumBuckets else {
      throw MetricsRegistrationError(name: name, reason: "more than \(Self.maximumBuckets) buckets")
    }
    guard buckets.allSatisfy(\.isFinite), zip(buckets, buckets.dropFirst()).allSatisfy(<) else {
      throw MetricsRegistrationError(name: name, reason: "buckets must be finite and ascending")
    }
    let entry = try register(name, help: help, kind: .histogram, labels: labels, bounds: buckets)
    return entry.histogram ?? HistogramFamily(family: entry.family)
  }

  /// Adds values that are computed for each scrape.
  public func register(_ collector: any MetricsCollector) {
    state.withLock { $0.collectors.append(collector) }
  }

  /// Adds work to be done right before each scrape, such as setting gauges on the shared shard. Called from whatever
  /// thread scrapes, possibly from several at once.
  public func onScrape(_ refresh: @escaping @Sendable () -> Void) {
    state.withLock { $0.refreshers.append(refresh) }
  }

  /// The family of this name.
  func family(_ name: String) -> MetricFamily? { state.withLock { $0.families[name]?.family } }

  private func register(
    _ name: String, help: String, kind: MetricKind, labels: [MetricLabel], bounds: [Double]
  ) throws(MetricsRegistrationError) -> (family: MetricFamily, histogram: HistogramFamily?) {
    guard MetricName.isValid(name) else { throw MetricsRegistrationError(name: name, reason: "not a metric name") }
    if let label = labels.first(where: { !MetricName.isValidLabel($0.name) || $0.name == "le" }) {
      throw MetricsRegistrationError(name: name, reason: "\"\(label.name)\" is not a label name")
    }
    let entry = state.withLock { state -> (family: MetricFamily, histogram: HistogramFamily?)? in
      if let entry = state.families[name] {
        let family = entry.family
        let isSame = family.kind == kind && family.labels.map(\.name) == labels.map(\.name) && family.bounds == bounds
        return isSame ? entry : nil
      }
      let family = MetricFamily(
        name: name, help: help, kind: kind, labels: labels, bounds: bounds, storage: storage,
        maximumSeries: maximumSeries)
      let entry = (family: family, histogram: kind == .histogram ? HistogramFamily(family: family) : nil)
      state.families[name] = entry
      return entry
    }
    guard let entry else {
      throw MetricsRegistrationError(name: name, reason: "registered already with another type, labels or buckets")
    }
    return entry
  }

  // MARK: Exposition

  /// All metrics as text: families by name, then what the collectors add.
  public func exposition(_ format: ExpositionFormat) -> [UInt8] {
    for refresh in state.withLock(\.refreshers) { refresh() }
    let (families, collectors) = state.withLock { state in
      (state.families.values.map(\.family).sorted { $0.name < $1.name }, state.collectors)
    }
    var writer = MetricsWriter(format: format)
    for family in families { writer.write(family, shards: shardCount) }
    for collector in collectors { collector.collect(into: &writer) }
    return writer.finish()
  }
}

/// The spelling rules of the Prometheus data model.
enum MetricName {
  static func isValid(_ name: String) -> Bool { isWord(name, allowingColon: true) }
  static func isValidLabel(_ name: String) -> Bool { isWord(name, allowingColon: false) && !name.hasPrefix("__") }

  private static func isWord(_ name: String, allowingColon: Bool) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      case UInt8(ascii: ":"): allowingColon
      default: false
      }
    }
  }
}
