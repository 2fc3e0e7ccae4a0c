import PickerConfiguration

/// `consistent-prefix-scorer`: prefers the candidates that `consistent-prefix-producer` proposes, as long as they are
/// not busier than others (consistent hashing with bounded loads).
///
/// A proposed candidate scores what the producer says, 1 for the best, unless its requests waiting and running are more
/// than ``loadBound`` times the candidates' mean, plus one; then it scores 0, as those that are not proposed do.
public struct ConsistentPrefixScorer: Scorer {
  /// How much busier than the mean a proposed candidate may be; at least 1.
  public let loadBound: Double
  private let proposal: AttributeID

  init(loadBound: Double, proposal: AttributeID) {
    self.loadBound = loadBound
    self.proposal = proposal
  }

  /// Scores by the proposals.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    guard let proposals = cycle.attribute(proposal) else { return }
    let waiting = cycle.queueDepths
    let running = cycle.values(.runningRequests)
    var sum = 0.0
    for position in scores.indices { sum += waiting[position] + running[position] }
    let limit = loadBound * sum / Double(max(1, scores.count)) + 1
    for position in scores.indices where proposals[position] > 0 && waiting[position] + running[position] <= limit {
      scores[position] = proposals[position]
    }
  }
}

extension PluginRegistration {
  static let consistentPrefixScorer = PluginRegistration(
    type: "consistent-prefix-scorer", requires: [.prefixProposal], stability: .alpha
  ) { context in
    let producer = context.producer(of: .prefixProposal, parameter: "consistentPrefixProducerName")
    return ConsistentPrefixScorer(
      loadBound: context.parameters.double("loadBound", default: 3, range: 1...1_000),
      proposal: context.attributes.proposal(producer: producer))
  }
}
