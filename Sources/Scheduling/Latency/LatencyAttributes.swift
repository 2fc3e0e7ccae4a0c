/// The attributes in which a producer tells what latencies it predicts for each candidate (plugin algorithms, latency
/// prediction).
///
/// Nobody has produced them for a request whose prediction failed. A candidate about which nothing is known has NaN as
/// its time to first token.
public struct LatencyAttributes: Sendable {
  /// For each candidate: milliseconds to the first token; NaN without a prediction.
  public let ttft: AttributeID
  /// For each candidate: milliseconds by which the first token comes before its objective; negative for after it.
  public let ttftHeadroom: AttributeID
  /// For each candidate: milliseconds by which each further token is faster than its limit; negative for slower.
  public let tpotHeadroom: AttributeID
  /// For each candidate: 1 when both objectives are met, else 0.
  public let meetsObjectives: AttributeID
  /// For each candidate: requests in flight that this process placed.
  public let dispatched: AttributeID

  /// The attributes of a producer; the default one unless named.
  public init(_ space: AttributeSpace, producer: String? = nil) {
    let producer = producer ?? DataKind.latencyPrediction.defaultProducer
    ttft = space.attribute("predicted-ttft", producer: producer)
    ttftHeadroom = space.attribute("predicted-ttft-headroom", producer: producer)
    tpotHeadroom = space.attribute("predicted-tpot-headroom", producer: producer)
    meetsObjectives = space.attribute("predicted-latency-valid", producer: producer)
    dispatched = space.attribute("predicted-latency-dispatched", producer: producer)
  }

  /// The predicted times to first token of the current candidates; nil when there is a prediction for none of them.
  func predictions(_ cycle: SchedulingCycle) -> UnsafeBufferPointer<Double>? {
    guard let ttft = cycle.attribute(ttft), ttft.contains(where: { !$0.isNaN }) else { return nil }
    return ttft
  }
}

extension PluginContext {
  /// The attributes of the producer that the parameter `latencyPredictionInfoProducerName` names.
  func latencyAttributes() -> LatencyAttributes {
    let producer = producer(of: .latencyPrediction, parameter: "latencyPredictionInfoProducerName")
    return LatencyAttributes(attributes, producer: producer)
  }
}
