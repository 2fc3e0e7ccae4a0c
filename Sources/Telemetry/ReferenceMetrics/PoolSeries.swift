/// The families of a pool's gauges.
struct PoolFamilies: Sendable {
  let averageKVCacheUtilization: TwinFamily<GaugeFamily>
  let averageQueueSize: TwinFamily<GaugeFamily>
  let averageRunningRequests: TwinFamily<GaugeFamily>
  let readyEndpoints: TwinFamily<GaugeFamily>
  let deviationKVCacheUtilization: GaugeFamily
  let deviationQueueSize: GaugeFamily
  let deviationRunningRequests: GaugeFamily

  init(_ registrar: TwinRegistrar) throws(MetricsRegistrationError) {
    func gauge(
      _ older: String, newer: String? = nil, _ help: String
    ) throws(MetricsRegistrationError) -> TwinFamily<GaugeFamily> {
      try registrar.gauge(
        TwinRegistrar.Name("inference_pool_", older, newer: newer), help, older: ["name"], newer: ["name"])
    }
    func deviation(_ suffix: String, _ help: String) throws(MetricsRegistrationError) -> GaugeFamily {
      try registrar.registry.gauge(
        TwinRegistrar.newerPrefix + "std_dev_" + suffix, help: "Standard deviation of the \(help).".alpha,
        labels: ["name"])
    }
    averageKVCacheUtilization = try gauge(
      "average_kv_cache_utilization", "Mean KV cache utilization of a pool, 0 to 1.")
    averageQueueSize = try gauge("average_queue_size", "Mean number of requests waiting in a pool's model servers.")
    averageRunningRequests = try gauge(
      "average_running_requests", "Mean number of requests running in a pool's model servers.")
    readyEndpoints = try gauge("ready_pods", newer: "ready_endpoints", "Endpoints of a pool with fresh metrics.")
    deviationKVCacheUtilization = try deviation("kv_cache_utilization", "KV cache utilization of a pool")
    deviationQueueSize = try deviation("queue_size", "number of requests waiting in a pool's model servers")
    deviationRunningRequests = try deviation("running_requests", "number of requests running in a pool's model servers")
  }

  func remove(_ name: String) {
    for twin in [averageKVCacheUtilization, averageQueueSize, averageRunningRequests, readyEndpoints] {
      twin.remove(older: [name], newer: [name])
    }
    for family in [deviationKVCacheUtilization, deviationQueueSize, deviationRunningRequests] { family.remove([name]) }
  }
}

/// A pool's state at one moment, over the endpoints whose metrics are fresh.
public struct PoolSample: Sendable, Hashable {
  /// A mean and a standard deviation.
  public struct Spread: Sendable, Hashable {
    /// The arithmetic mean.
    public var mean: Double
    /// The population standard deviation.
    public var deviation: Double

    /// The spread of `values`; 0 for none.
    public init(_ values: some Collection<Double>) {
      let count = Double(max(1, values.count))
      let mean = values.reduce(0, +) / count
      self.mean = mean
      deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }
  }

  /// How many endpoints have fresh metrics.
  public var freshEndpoints: Int
  /// KV cache utilization, 0…1.
  public var kvCacheUtilization: Spread
  /// Requests waiting.
  public var queueSize: Spread
  /// Requests running.
  public var runningRequests: Spread

  /// A sample of a pool.
  public init(freshEndpoints: Int, kvCacheUtilization: Spread, queueSize: Spread, runningRequests: Spread) {
    self.freshEndpoints = freshEndpoints
    self.kvCacheUtilization = kvCacheUtilization
    self.queueSize = queueSize
    self.runningRequests = runningRequests
  }
}

/// The gauges of one pool.
public struct PoolSeries: Sendable {
  private let families: PoolFamilies
  private let name: String

  init(_ families: PoolFamilies, name: String) {
    self.families = families
    self.name = name
  }

  /// Sets the gauges; always to be called with the same shard. Without fresh endpoints only their number is written and
  /// the averages keep their last values. The newer names are rounded to two decimals.
  public func record(_ sample: PoolSample, on shard: MetricsShard) {
    families.readyEndpoints.twin(older: [name], newer: [name]).set(Double(sample.freshEndpoints), on: shard)
    guard sample.freshEndpoints > 0 else { return }
    set(families.averageKVCacheUtilization, families.deviationKVCacheUtilization, sample.kvCacheUtilization, shard)
    set(families.averageQueueSize, families.deviationQueueSize, sample.queueSize, shard)
    set(families.averageRunningRequests, families.deviationRunningRequests, sample.runningRequests, shard)
  }

  private func set(
    _ average: TwinFamily<GaugeFamily>, _ deviation: GaugeFamily, _ spread: PoolSample.Spread, _ shard: MetricsShard
  ) {
    average.older?.cell([name]).set(spread.mean, on: shard)
    average.newer.cell([name]).set(Self.rounded(spread.mean), on: shard)
    deviation.cell([name]).set(Self.rounded(spread.deviation), on: shard)
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// The queue length of every endpoint of the pools, asked for when somebody scrapes.
public struct PoolQueueCollector: MetricsCollector {
  /// One endpoint's queue.
  public struct Sample: Sendable, Hashable {
    /// The endpoint's name, such as `pod-rank-0`.
    public var endpoint: String
    /// Requests waiting there.
    public var queueSize: Int

    /// A sample of an endpoint.
    public init(endpoint: String, queueSize: Int) {
      self.endpoint = endpoint
      self.queueSize = queueSize
    }
  }

  private let includesOlderNames: Bool
  private let samples: @Sendable () -> [(pool: String, samples: [Sample])]

  /// - Parameter samples: every endpoint of every pool, whether its metrics are fresh or not. Called from whatever
  ///   thread scrapes.
  public init(
    includesOlderNames: Bool = true, samples: @escaping @Sendable () -> [(pool: String, samples: [Sample])]
  ) {
    self.includesOlderNames = includesOlderNames
    self.samples = samples
  }

  /// Writes `per_pod_queue_size` and its newer twin.
  public func collect(into writer: inout MetricsWriter) {
    let pools = samples().filter { !$0.samples.isEmpty }
    guard !pools.isEmpty else { return }
    let name = TwinRegistrar.Name("inference_pool_", "per_pod_queue_size", newer: "per_endpoint_queue_size")
    let help = "Requests waiting in each model server of a pool."
    if includesOlderNames {
      writer.family(name.older, kind: .gauge, help: "[ALPHA] [Deprecated: Use \(name.newer)] \(help)")
      write(pools, label: "model_server_pod", into: &writer)
    }
    writer.family(name.newer, kind: .gauge, help: help.alpha)
    write(pools, label: "model_server_endpoint", into: &writer)
  }

  private func write(
    _ pools: [(pool: String, samples: [Sample])], label: String, into writer: inout MetricsWriter
  ) {
    for (pool, samples) in pools {
      for sample in samples {
        writer.sample(Double(sample.queueSize), labels: [("name", pool), (label, sample.endpoint)])
      }
    }
  }
}
