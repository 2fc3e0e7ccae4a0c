#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Endpoints
import PickerConfiguration

/// `probabilistic-admitter`: turns away requests of negative priority the more often, the fuller the pool is.
///
/// Saturation is the mean over the candidates of max(queue / queue threshold, KV usage / KV threshold), 1 for those
/// never scraped. A request is denied with probability min(saturation ^ power · k, 1).
public struct ProbabilisticAdmitter: Admitter {
  /// The parameters of the admitter; all positive.
  public struct Parameters: Sendable, Hashable {
    /// Waiting requests at which an endpoint is full.
    public var queueDepthThreshold = 5.0
    /// KV cache usage at which an endpoint is full.
    public var kvCacheUtilThreshold = 0.8
    /// How steeply the probability rises.
    public var power = 5.0
    /// Factor of the probability.
    public var k = 300.0

    /// Creates the default parameters.
    public init() {}
  }

  let parameters: Parameters

  /// Creates an admitter.
  public init(parameters: Parameters = Parameters()) {
    self.parameters = parameters
  }

  /// The probability with which a request of negative priority is denied; 0 without candidates.
  public func denialProbability(_ cycle: SchedulingCycle) -> Double {
    guard cycle.count > 0 else { return 0 }
    let queues = cycle.values(.waitingQueueSize)
    let usages = cycle.values(.kvCacheUsage)
    let updates = cycle.values(.updatedAt)
    var sum = 0.0
    for position in 0..<cycle.count {
      sum +=
        updates[position] > 0
        ? max(queues[position] / parameters.queueDepthThreshold, usages[position] / parameters.kvCacheUtilThreshold) : 1
    }
    return min(pow(sum / Double(cycle.count), parameters.power) * parameters.k, 1)
  }

  /// Draws for requests of negative priority.
  public func denial(_ cycle: SchedulingCycle) -> String? {
    guard cycle.request.priority < 0 else { return nil }
    let probability = denialProbability(cycle)
    guard probability > 0, cycle.random.unit() < probability else { return nil }
    return "system saturated, sheddable request dropped by probabilistic admission"
  }
}

extension PluginRegistration {
  static let probabilisticAdmitter = PluginRegistration(type: "probabilistic-admitter") { context in
    func positive(_ name: String, _ value: Double) -> Double {
      let value = context.parameters.double(name, default: value)
      if value <= 0 { context.parameters.reject(name, "must be above 0") }
      return value
    }
    var parameters = ProbabilisticAdmitter.Parameters()
    parameters.queueDepthThreshold = positive("queueDepthThreshold", parameters.queueDepthThreshold)
    parameters.kvCacheUtilThreshold = positive("kvCacheUtilThreshold", parameters.kvCacheUtilThreshold)
    parameters.power = positive("power", parameters.power)
    parameters.k = positive("k", parameters.k)
    return ProbabilisticAdmitter(parameters: parameters)
  }
}
