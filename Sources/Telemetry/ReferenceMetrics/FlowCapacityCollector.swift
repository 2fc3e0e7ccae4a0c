/// How full the queues of flow control are, asked for at each scrape.
public struct FlowCapacityCollector: MetricsCollector {
  /// The fill of one priority's queues, or of all together.
  public struct Fill: Sendable, Hashable {
    /// The priority; nil for all together.
    public var priority: Int?
    /// Requests as a part of those allowed, 0…1; 0 without a limit.
    public var requests: Double
    /// Bytes as a part of those allowed, 0…1; 0 without a limit.
    public var bytes: Double

    /// Describes a fill.
    public init(priority: Int?, requests: Double, bytes: Double) {
      self.priority = priority
      self.requests = requests
      self.bytes = bytes
    }
  }

  private let fills: @Sendable () -> [(pool: String, fills: [Fill])]

  /// - Parameter fills: those of every pool with queues. Called from whatever thread scrapes.
  public init(fills: @escaping @Sendable () -> [(pool: String, fills: [Fill])]) {
    self.fills = fills
  }

  /// Writes the gauges of each priority and of each pool.
  public func collect(into writer: inout MetricsWriter) {
    let pools = fills()
    guard !pools.isEmpty else { return }
    let prefix = TwinRegistrar.newerPrefix + "flow_control_"
    for (suffix, what, value) in [
      ("requests", "requests", \Fill.requests), ("bytes", "bytes of requests", \Fill.bytes),
    ] {
      writer.family(
        prefix + "capacity_utilization_" + suffix, kind: .gauge,
        help: "Part of the \(what) that may wait with a priority.".alpha)
      for (pool, fills) in pools {
        for fill in fills {
          guard let priority = fill.priority else { continue }
          writer.sample(
            fill[keyPath: value], labels: [("priority", String(priority)), ("inference_pool", pool)])
        }
      }
      writer.family(
        prefix + "global_capacity_utilization_" + suffix, kind: .gauge,
        help: "Part of the \(what) that may wait in a pool.".alpha)
      for (pool, fills) in pools {
        for fill in fills where fill.priority == nil {
          writer.sample(fill[keyPath: value], labels: [("inference_pool", pool)])
        }
      }
    }
  }
}
