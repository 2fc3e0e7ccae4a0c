import PickerConfiguration

/// `concurrency-detector`: how many of the requests, or tokens, that endpoints can take are in flight.
///
/// Saturation is the sum in flight over the sum of capacities; in hybrid mode the mean over the candidates of
/// max(requests / most requests, tokens / most tokens). Without candidates it is 1. As a filter it keeps candidates
/// strictly below their capacity with headroom, possibly none; in hybrid mode both must be.
public struct ConcurrencyDetector: SaturationDetector, Filter {
  /// What is counted.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    case requests
    case tokens
    case hybrid
  }

  /// The parameters of the detector.
  public struct Parameters: Sendable, Hashable {
    /// What is counted.
    public var mode = Mode.requests
    /// Requests that an endpoint can take; positive.
    public var maxConcurrency = 100
    /// Tokens that an endpoint can take; positive.
    public var maxTokenConcurrency = 1_000_000
    /// Part by which an endpoint may exceed its capacity before the filter drops it.
    public var headroom = 0.0

    /// Creates the default parameters.
    public init() {}
  }

  let parameters: Parameters

  /// Creates a detector.
  public init(parameters: Parameters = Parameters()) {
    self.parameters = parameters
  }

  /// The part of the candidates' capacity that is in use.
  public func saturation(_ cycle: SchedulingCycle) -> Double {
    guard cycle.count > 0 else { return 1 }
    let count = Double(cycle.count)
    switch parameters.mode {
    case .requests: return cycle.inFlightRequests.reduce(0, +) / (count * Double(parameters.maxConcurrency))
    case .tokens: return cycle.inFlightTokens.reduce(0, +) / (count * Double(parameters.maxTokenConcurrency))
    case .hybrid:
      let requests = cycle.inFlightRequests
      let tokens = cycle.inFlightTokens
      var sum = 0.0
      for position in 0..<cycle.count {
        sum += max(
          requests[position] / Double(parameters.maxConcurrency),
          tokens[position] / Double(parameters.maxTokenConcurrency))
      }
      return sum / count
    }
  }

  /// Keeps candidates below their capacity.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    if parameters.mode != .tokens { drop(cycle.inFlightRequests, from: parameters.maxConcurrency, keep) }
    if parameters.mode != .requests { drop(cycle.inFlightTokens, from: parameters.maxTokenConcurrency, keep) }
  }

  private func drop(
    _ values: UnsafeBufferPointer<Double>, from capacity: Int, _ keep: UnsafeMutableBufferPointer<Bool>
  ) {
    let limit = (Double(capacity) * (1 + parameters.headroom)).rounded(.down)
    for position in keep.indices where values[position] >= limit { keep[position] = false }
  }
}

extension PluginRegistration {
  static let concurrencyDetector = PluginRegistration(
    type: "concurrency-detector", requires: [.inFlightLoad]
  ) { context in
    let decoder = context.parameters
    var parameters = ConcurrencyDetector.Parameters()
    parameters.mode = decoder.enumeration("concurrencyMode", default: .requests)
    parameters.maxConcurrency = decoder.int("maxConcurrency", default: 100, range: 1...)
    parameters.maxTokenConcurrency = decoder.int("maxTokenConcurrency", default: 1_000_000, range: 1...)
    parameters.headroom = decoder.double("headroom", default: 0, range: 0...)
    if parameters.mode != .requests { context.requirePrompts() }
    _ = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
    return ConcurrencyDetector(parameters: parameters)
  }
}
