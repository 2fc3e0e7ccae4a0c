import CAccelerate

/// `prefix-cache-scorer`: prefers candidates that have the beginning of the prompt cached.
///
/// With r = matched / total blocks and L = min(1, matched tokens / scale): score = w·L² + (1 − w)·r. 0 without a match.
public struct PrefixCacheScorer: Scorer {
  let match: PrefixMatchAttributes
  let matchLengthWeight: Double
  let matchLengthScaleTokens: Double

  /// Creates a scorer that reads the matches of a producer.
  /// - Parameters:
  ///   - matchLengthWeight: w, 0…1.
  ///   - matchLengthScaleTokens: tokens from which on a match is as long as it gets; positive.
  public init(match: PrefixMatchAttributes, matchLengthWeight: Double = 0, matchLengthScaleTokens: Double = 8_192) {
    self.match = match
    self.matchLengthWeight = matchLengthWeight
    self.matchLengthScaleTokens = matchLengthScaleTokens
  }

  /// Scores by the producer's matches.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    guard let matched = cycle.attribute(match.matchedBlocks), let total = cycle.scalar(match.totalBlocks), total > 0
    else { return }
    if matchLengthWeight == 0 {
      if let source = matched.baseAddress, let target = scores.baseAddress {
        epp_divide_f64(source, total, target, scores.count)
      }
      return
    }
    let blockSize = cycle.scalar(match.blockSize) ?? 0
    for position in 0..<scores.count {
      let length = min(1, matched[position] * blockSize / matchLengthScaleTokens)
      scores[position] =
        matchLengthWeight * length * length + (1 - matchLengthWeight) * matched[position] / total
    }
  }
}

extension PluginRegistration {
  static let prefixCacheScorer = PluginRegistration(type: "prefix-cache-scorer", requires: [.prefixCacheMatch]) {
    context in
    let producer = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    let weight = context.parameters.double("matchLengthWeight", default: 0, range: 0...1)
    let scale = context.parameters.double("matchLengthScaleTokens", default: 8_192, range: 0...)
    if context.lineage != .llmD {
      // In the older API version the producer's parameters are written on the scorer; the loader passes them on.
      for name in ApproximatePrefixCacheProducer.parameterNames { _ = context.parameters.node(name) }
    }
    if weight > 0, scale <= 0 {
      context.parameters.reject("matchLengthScaleTokens", "must be positive when matchLengthWeight is")
    }
    return PrefixCacheScorer(
      match: PrefixMatchAttributes(context.attributes, producer: producer),
      matchLengthWeight: weight, matchLengthScaleTokens: scale)
  }
}
