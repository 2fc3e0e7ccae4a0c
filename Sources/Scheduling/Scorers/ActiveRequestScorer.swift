import PickerConfiguration

/// `active-request-scorer`: prefers candidates with few requests in flight. With n in flight and hi the most of any
/// candidate: 1 for n up to the idle threshold, else (hi − n) / hi · the best score of a busy candidate.
public struct ActiveRequestScorer: Scorer {
  let idleThreshold: Double
  let maxBusyScore: Double

  /// Creates a scorer.
  /// - Parameters:
  ///   - idleThreshold: requests in flight up to which a candidate counts as idle.
  ///   - maxBusyScore: what a busy candidate scores at most; 1 when it is not within 0…1.
  public init(idleThreshold: Int = 0, maxBusyScore: Double = 1) {
    self.idleThreshold = Double(idleThreshold)
    self.maxBusyScore = (0...1).contains(maxBusyScore) ? maxBusyScore : 1
  }

  /// Scores by requests in flight.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let requests = cycle.inFlightRequests
    let high = Extremes.of(requests, high: 0).high
    for position in scores.indices {
      let count = requests[position]
      scores[position] = count <= idleThreshold || high <= 0 ? 1 : (high - count) / high * maxBusyScore
    }
  }
}

extension PluginRegistration {
  static let activeRequestScorer = PluginRegistration(
    type: "active-request-scorer", requires: [.inFlightLoad]
  ) { context in
    let decoder = context.parameters
    decoder.deprecated("requestTimeout")
    let idle = decoder.int("idleThreshold", default: 0)
    let busy = decoder.double("maxBusyScore", default: 1)
    if !(0...1).contains(busy) { decoder.warn("maxBusyScore", "ignored because it is not between 0 and 1") }
    _ = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
    return ActiveRequestScorer(idleThreshold: idle, maxBusyScore: busy)
  }
}
