import Endpoints
import PickerConfiguration

/// `utilization-detector`: how full queues and KV caches are.
///
/// Saturation is the mean over the candidates of max(queue / queue threshold, KV usage / KV threshold), where a
/// candidate without fresh metrics counts 1; without candidates it is 1. As a filter it keeps candidates below both
/// thresholds, and all of them when none is.
public struct UtilizationDetector: SaturationDetector, Filter {
  /// The parameters of the detector.
  public struct Parameters: Sendable, Hashable {
    /// Waiting requests from which on an endpoint is saturated; positive.
    public var queueDepthThreshold = 5.0
    /// KV cache usage from which on an endpoint is saturated, above 0 up to 1.
    public var kvCacheUtilThreshold = 0.8
    /// Age of metrics from which on they do not count, in seconds.
    public var metricsStalenessThreshold = 0.2
    /// Part by which an endpoint may exceed the thresholds before the filter drops it.
    public var headroom = 0.0

    /// Creates the default parameters.
    public init() {}
  }

  /// What the detector was configured with.
  public let parameters: Parameters

  /// Creates a detector.
  public init(parameters: Parameters = Parameters()) {
    self.parameters = parameters
  }

  /// The mean load of the candidates in units of the thresholds.
  public func saturation(_ cycle: SchedulingCycle) -> Double {
    guard cycle.count > 0 else { return 1 }
    let queues = cycle.values(.waitingQueueSize)
    let usages = cycle.values(.kvCacheUsage)
    let updates = cycle.values(.updatedAt)
    var sum = 0.0
    for position in 0..<cycle.count {
      guard isFresh(updates[position], cycle.now) else {
        sum += 1
        continue
      }
      sum += max(
        queues[position] / parameters.queueDepthThreshold, usages[position] / parameters.kvCacheUtilThreshold)
    }
    return sum / Double(cycle.count)
  }

  /// Keeps candidates with fresh metrics below both thresholds, if there are any.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    let queues = cycle.values(.waitingQueueSize)
    let usages = cycle.values(.kvCacheUsage)
    let updates = cycle.values(.updatedAt)
    let factor = 1 + parameters.headroom
    var left = 0
    for position in keep.indices {
      keep[position] =
        isFresh(updates[position], cycle.now) && queues[position] < parameters.queueDepthThreshold * factor
        && usages[position] < parameters.kvCacheUtilThreshold * factor
      if keep[position] { left += 1 }
    }
    if left == 0 { keep.update(repeating: true) }
  }

  private func isFresh(_ updatedAt: Double, _ now: Double) -> Bool {
    updatedAt > 0 && now - updatedAt <= parameters.metricsStalenessThreshold
  }
}

extension PluginRegistration {
  static let utilizationDetector = PluginRegistration(type: "utilization-detector") { context in
    let decoder = context.parameters
    var parameters = UtilizationDetector.Parameters()
    parameters.queueDepthThreshold = Double(decoder.int("queueDepthThreshold", default: 5, range: 1...))
    parameters.kvCacheUtilThreshold = decoder.double("kvCacheUtilThreshold", default: 0.8, range: 0...1)
    if parameters.kvCacheUtilThreshold <= 0 { decoder.reject("kvCacheUtilThreshold", "must be above 0") }
    parameters.metricsStalenessThreshold =
      decoder.duration(
        "metricsStalenessThreshold", default: GoDuration.milliseconds(200)
      ).seconds
    parameters.headroom = decoder.double("headroom", default: 0, range: 0...)
    return UtilizationDetector(parameters: parameters)
  }
}
