import PickerConfiguration

/// `latency-scorer`: rates candidates by how much of their latency objectives they leave (plugin algorithms, latency
/// prediction).
///
/// Candidates that meet both objectives, or of which nothing is predicted, are rated alone when there are any. Otherwise
/// it is the idle ones, else the first group there is of those that miss the time per output token only, the time to
/// first token only, or both. All others score 0. Within the group both headrooms are scaled to 0…1 and blended to x; the
/// score is (trunc((1 − x) · 100) + 1) / 100 when little headroom is preferred, (trunc(x · 100) + 1) / 100 when much is.
/// The best possible score is thus 1.01. When nothing is predicted, a blend of cache, queue and prefix match counts.
public struct LatencyScorer: Scorer {
  /// Which candidates are preferred among those that meet the objectives.
  public enum Strategy: String, Sendable, Hashable, CaseIterable {
    /// Those with the least headroom, which packs requests.
    case least
    /// Those with the most headroom, which spreads them.
    case most
  }

  /// The parameters of the scorer; weights of 0 or more.
  public struct Parameters: Sendable, Hashable {
    /// Weight of the time to first token.
    public var ttftWeight = 0.8
    /// Weight of the time per output token.
    public var tpotWeight = 0.2
    /// Which candidates are preferred.
    public var strategy = Strategy.least
    /// Weight of the free part of the KV cache where nothing is predicted.
    public var compositeKVWeight = 1.0
    /// Weight of the queue there.
    public var compositeQueueWeight = 1.0
    /// Weight of the prefix match there.
    public var compositePrefixWeight = 1.0

    /// Creates the default parameters.
    public init() {}
  }

  private static let degenerateRange = 1e-9

  let parameters: Parameters
  let latency: LatencyAttributes
  let match: PrefixMatchAttributes

  /// Creates a scorer that reads the predictions of a producer.
  public init(parameters: Parameters = Parameters(), latency: LatencyAttributes, match: PrefixMatchAttributes) {
    self.parameters = parameters
    self.latency = latency
    self.match = match
  }

  /// Scores by predictions, or by load where there are none.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    guard let ttft = latency.predictions(cycle), let first = cycle.attribute(latency.ttftHeadroom),
      let further = cycle.attribute(latency.tpotHeadroom), let dispatched = cycle.attribute(latency.dispatched)
    else { return scoreByLoad(cycle, into: scores) }
    func group(_ isMember: (Int) -> Bool) -> (members: UnsafeMutableBufferPointer<Int>, count: Int) {
      let members = cycle.takeScratch(scores.count, of: Int.self)
      var count = 0
      for position in scores.indices where isMember(position) {
        members[count] = position
        count += 1
      }
      return (members, count)
    }
    let positive = group { ttft[$0].isNaN || (first[$0] >= 0 && further[$0] >= 0) }
    if positive.count > 0 {
      return score(positive.members, positive.count, first, further, parameters.strategy, into: scores)
    }
    let negatives: [(Int) -> Bool] = [
      { dispatched[$0] == 0 },
      { first[$0] >= 0 && further[$0] < 0 },
      { first[$0] < 0 && further[$0] >= 0 },
      { first[$0] < 0 && further[$0] < 0 },
    ]
    for isMember in negatives {
      let negative = group(isMember)
      guard negative.count > 0 else { continue }
      return score(negative.members, negative.count, first, further, .least, into: scores)
    }
  }

  private func score(
    _ members: UnsafeMutableBufferPointer<Int>, _ count: Int, _ first: UnsafeBufferPointer<Double>,
    _ further: UnsafeBufferPointer<Double>, _ strategy: Strategy, into scores: UnsafeMutableBufferPointer<Double>
  ) {
    func range(_ values: UnsafeBufferPointer<Double>) -> (low: Double, width: Double) {
      var (low, high) = (Double.infinity, -Double.infinity)
      for member in members[..<count] {
        low = min(low, abs(values[member]))
        high = max(high, abs(values[member]))
      }
      return (low, high - low)
    }
    func scaled(_ value: Double, _ range: (low: Double, width: Double)) -> Double {
      range.width > Self.degenerateRange ? (abs(value) - range.low) / range.width : 0.5
    }
    let ranges = (range(first), range(further))
    let sum = parameters.ttftWeight + parameters.tpotWeight
    var weights = sum > 0 ? (parameters.ttftWeight / sum, parameters.tpotWeight / sum) : (1, 0)
    switch (ranges.0.width > Self.degenerateRange, ranges.1.width > Self.degenerateRange) {
    case (true, false): weights = (1, 0)
    case (false, true): weights = (0, 1)
    default: break
    }
    for member in members[..<count] {
      let blend = weights.0 * scaled(first[member], ranges.0) + weights.1 * scaled(further[member], ranges.1)
      let share = strategy == .least ? 1 - blend : blend
      scores[member] = ((share * 100).rounded(.towardZero) + 1) / 100
    }
  }

  private func scoreByLoad(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let usage = cycle.values(.kvCacheUsage)
    let queues = cycle.queueDepths
    let longest = queues.max() ?? 0
    let matched = cycle.attribute(match.matchedBlocks)
    let total = cycle.scalar(match.totalBlocks) ?? 0
    let sum = parameters.compositeKVWeight + parameters.compositeQueueWeight + parameters.compositePrefixWeight
    func weight(_ value: Double, _ otherwise: Double) -> Double { sum > 0 ? value / sum : otherwise }
    let weights = (
      weight(parameters.compositeKVWeight, 1), weight(parameters.compositeQueueWeight, 0),
      weight(parameters.compositePrefixWeight, 0)
    )
    for position in scores.indices {
      let queue = longest > 0 ? (longest - queues[position]) / longest : 1
      let prefix = total > 0 ? (matched?[position] ?? 0) / total : 0
      let blend = weights.0 * (1 - usage[position]) + weights.1 * queue + weights.2 * prefix
      scores[position] = (100 * blend).rounded() / 100
    }
  }
}

extension PluginRegistration {
  static let latencyScorer = PluginRegistration(
    type: "latency-scorer", requires: [.latencyPrediction], uses: [.prefixCacheMatch]
  ) { context in
    let decoder = context.parameters
    var parameters = LatencyScorer.Parameters()
    parameters.ttftWeight = decoder.double("ttftWeight", default: 0.8, range: 0...)
    parameters.tpotWeight = decoder.double("tpotWeight", default: 0.2, range: 0...)
    parameters.strategy = decoder.enumeration("headroomSelectionStrategy", default: LatencyScorer.Strategy.least)
    parameters.compositeKVWeight = decoder.double("compositeKVWeight", default: 1, range: 0...)
    parameters.compositeQueueWeight = decoder.double("compositeQueueWeight", default: 1, range: 0...)
    parameters.compositePrefixWeight = decoder.double("compositePrefixWeight", default: 1, range: 0...)
    let latency = context.latencyAttributes()
    let match = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    return LatencyScorer(
      parameters: parameters, latency: latency, match: PrefixMatchAttributes(context.attributes, producer: match))
  }
}
