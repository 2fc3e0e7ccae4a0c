/// Measures one request for the latency model. Belongs to one event loop.
final class PredictedLatencyObservation: RequestObservation {
  private let producer: PredictedLatencyProducer
  private let slot: Int
  private let objective: Double
  private let target: LatencyFeatures
  private let prefill: LatencyFeatures?
  /// Seconds from the request to the first piece of the response; nil before it.
  private var began: Double?

  init(
    producer: PredictedLatencyProducer, slot: Int, objective: Double, target: LatencyFeatures, prefill: LatencyFeatures?
  ) {
    self.producer = producer
    self.slot = slot
    self.objective = objective
    self.target = target
    self.prefill = prefill
    producer.running.add(objective, slot: slot)
  }

  func responseBegan(after seconds: Double) { began = seconds }

  /// A streamed response gives a time to first token and, with more than one token, a mean time for each further one; any
  /// other gives the time it took as a whole as that to its first token.
  func ended(_ end: RequestEnd) {
    producer.running.remove(objective, slot: slot)
    guard end.isComplete, end.seconds <= producer.parameters.contextTTL else { return }
    guard producer.parameters.streamingMode else {
      return producer.samples.add(prefill ?? target, ttft: end.seconds * 1_000)
    }
    guard let began else { return }
    producer.samples.add(prefill ?? target, ttft: began * 1_000)
    guard let tokens = end.outputTokens, tokens > 1, end.seconds > began else { return }
    producer.samples.add(target, tpot: (end.seconds - began) * 1_000 / Double(tokens - 1))
  }
}
