import PickerConfiguration

/// `prefix-based-pd-decider`: requests of which the decode endpoint holds too little in its cache are prefilled on an
/// endpoint of their own.
///
/// With n prompt tokens: only if n reaches both parameters, and n − matched blocks · block size reaches
/// `nonCachedTokens`. Never when that is 0, nor without knowledge of the cache.
public struct PrefixBasedDecider: DisaggregationDecider {
  let nonCachedTokens: Double
  let promptTokens: Int
  let match: PrefixMatchAttributes

  /// Creates a decider.
  /// - Parameters:
  ///   - nonCachedTokens: tokens to compute from which on prefill runs apart; 0 for never.
  ///   - promptTokens: prompts shorter than this are never split.
  public init(nonCachedTokens: Int, promptTokens: Int = 0, match: PrefixMatchAttributes) {
    self.nonCachedTokens = Double(nonCachedTokens)
    self.promptTokens = promptTokens
    self.match = match
  }

  /// Whether enough of the prompt is missing from the cache of the decode endpoint.
  public func decides(_ cycle: SchedulingCycle, candidate: Int?) -> Bool {
    let tokens = cycle.request.promptTokens
    guard nonCachedTokens > 0, tokens >= promptTokens, Double(tokens) >= nonCachedTokens, let candidate,
      let matched = cycle.attribute(match.matchedBlocks, ofCandidate: candidate),
      let blockSize = cycle.scalar(match.blockSize)
    else { return false }
    return Double(tokens) - matched * blockSize >= nonCachedTokens
  }
}

extension PluginRegistration {
  static let prefixBasedDecider = PluginRegistration(
    type: "prefix-based-pd-decider", requires: [.prefixCacheMatch, .tokenizedPrompt]
  ) { context in
    PrefixBasedDecider(
      nonCachedTokens: context.parameters.int("nonCachedTokens", default: 0, range: 0...),
      promptTokens: context.parameters.int("promptTokens", default: 0, range: 0...),
      match: PrefixMatchAttributes(context.attributes, producer: nil))
  }
}
