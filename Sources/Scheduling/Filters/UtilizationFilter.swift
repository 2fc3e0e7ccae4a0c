import Endpoints
import PickerConfiguration

/// `utilization-filter`: keeps candidates that are within all limits.
public struct UtilizationFilter: Filter {
  /// What a limit is about.
  public enum Metric: String, Sendable, Hashable, CaseIterable {
    /// Requests in flight, placed by this process.
    case activeRequests = "active-requests"
    /// Scraped number of running requests.
    case runningRequests = "running-requests"
    /// Scraped number of waiting requests.
    case waitingQueue = "waiting-queue"
    /// Scraped part of the KV cache in use, 0…1.
    case kvCacheUtilization = "kv-cache-utilization"
  }

  /// A limit.
  public struct Condition: Sendable, Hashable {
    /// What is limited.
    public let metric: Metric
    /// The greatest value that passes; 0 or more.
    public let maxValue: Double

    /// Creates a limit.
    public init(_ metric: Metric, maxValue: Double) {
      self.metric = metric
      self.maxValue = maxValue
    }
  }

  let conditions: [Condition]
  let fallbackOnEmpty: Bool

  /// Creates a filter.
  /// - Parameter fallbackOnEmpty: keep all candidates when none is within the limits.
  public init(conditions: [Condition], fallbackOnEmpty: Bool = false) {
    self.conditions = conditions
    self.fallbackOnEmpty = fallbackOnEmpty
  }

  /// Drops candidates above any limit.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    for condition in conditions {
      let values: UnsafeBufferPointer<Double>
      switch condition.metric {
      case .activeRequests: values = cycle.inFlightRequests
      case .runningRequests: values = cycle.values(.runningRequests)
      case .waitingQueue: values = cycle.values(.waitingQueueSize)
      case .kvCacheUtilization: values = cycle.values(.kvCacheUsage)
      }
      for position in keep.indices where values[position] > condition.maxValue { keep[position] = false }
    }
    if fallbackOnEmpty, !keep.contains(true) { keep.update(repeating: true) }
  }
}

extension PluginRegistration {
  static let utilizationFilter = PluginRegistration(
    type: "utilization-filter", requires: [.inFlightLoad], stability: .alpha
  ) { context in
    let decoder = context.parameters
    let conditions = decoder.children("conditions").compactMap { child -> UtilizationFilter.Condition? in
      let metric = child.enumeration("metric", of: UtilizationFilter.Metric.self)
      let limit = child.requiredDouble("maxValue", range: 0...)
      guard let metric else {
        if !child.isSet("metric") { child.reject("metric", "required, but not set") }
        return nil
      }
      if metric == .kvCacheUtilization, limit > 1 {
        child.reject("maxValue", "must be at most 1 for \(metric.rawValue)")
      }
      return UtilizationFilter.Condition(metric, maxValue: limit)
    }
    if !decoder.isSet("conditions") || decoder.node("conditions")?.elements?.isEmpty == true {
      decoder.reject("conditions", "at least one condition is needed")
    }
    _ = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
    return UtilizationFilter(
      conditions: conditions, fallbackOnEmpty: decoder.bool("fallbackOnEmpty", default: false))
  }
}
