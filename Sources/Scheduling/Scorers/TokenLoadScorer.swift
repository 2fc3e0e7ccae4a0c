import PickerConfiguration

/// `token-load-scorer`: prefers candidates with few tokens to compute, those of this request included. Score:
/// 1 − min(load, threshold) / threshold, with load = tokens in flight + tokens of this request not in the candidate's
/// cache.
public struct TokenLoadScorer: Scorer {
  /// The load from which on candidates score 0, unless the configuration says otherwise.
  public static let defaultThreshold = 4_194_304

  let threshold: Double
  let load: InFlightLoadAttributes

  /// Creates a scorer.
  /// - Parameter threshold: the load in tokens that scores 0; the default for 0 and below.
  public init(threshold: Int = defaultThreshold, load: InFlightLoadAttributes) {
    self.threshold = Double(threshold > 0 ? threshold : Self.defaultThreshold)
    self.load = load
  }

  /// Scores by tokens in flight.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let tokens = cycle.inFlightTokens
    guard let own = cycle.attribute(load.uncachedRequestTokens) else {
      for position in scores.indices { scores[position] = score(tokens[position]) }
      return
    }
    for position in scores.indices { scores[position] = score(tokens[position] + own[position]) }
  }

  private func score(_ load: Double) -> Double {
    load > 0 ? 1 - (load < threshold ? load : threshold) / threshold : 1
  }
}

extension PluginRegistration {
  static let tokenLoadScorer = PluginRegistration(
    type: "token-load-scorer", requires: [.inFlightLoad, .tokenizedPrompt]
  ) { context in
    let threshold = context.parameters.int("queueThresholdTokens", default: TokenLoadScorer.defaultThreshold)
    let producer = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
    return TokenLoadScorer(
      threshold: threshold, load: InFlightLoadAttributes(context.attributes, producer: producer))
  }
}
