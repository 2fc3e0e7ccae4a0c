import PickerConfiguration

/// `prefix-cache-affinity-filter`: keeps the candidates that hold most of the prompt in their cache, unless waiting for
/// them would cost more than computing the prompt elsewhere.
///
/// A candidate is *sticky* when matched / total blocks reach the threshold. Only sticky candidates stay, except when
/// there are none, or when the best time to first token among them exceeds the best one elsewhere by more than the
/// penalty. The time to first token is that of working off the tokens in flight,
/// tokens / peak throughput · 1,000 milliseconds, or the predicted one; candidates without a prediction come last.
public struct PrefixCacheAffinityFilter: Filter {
  /// The parameters of the filter.
  public struct Parameters: Sendable, Hashable {
    /// Part of the prompt that a sticky candidate holds, up to 1; the filter is off at 0 and below.
    public var affinityThreshold = 0.8
    /// Chance that a request passes unfiltered, 0…1.
    public var explorationProbability = 0.0
    /// How many milliseconds longer sticky candidates may take; 0 for any time.
    public var maxTTFTPenaltyMs = 18_000.0
    /// Prompt tokens that an endpoint computes in a second; positive.
    public var peakPrefillThroughput = 15_928.0

    /// Creates the default parameters.
    public init() {}
  }

  let parameters: Parameters
  let match: PrefixMatchAttributes
  let latency: LatencyAttributes?

  /// Creates a filter that reads the matches of a producer.
  /// - Parameter latency: where times to first token are predicted; nil to work them out of the tokens in flight.
  public init(
    parameters: Parameters = Parameters(), match: PrefixMatchAttributes, latency: LatencyAttributes? = nil
  ) {
    self.parameters = parameters
    self.match = match
    self.latency = latency
  }

  /// Keeps the sticky candidates where that pays.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    guard cycle.count > 1, parameters.affinityThreshold > 0 else { return }
    let explores = parameters.explorationProbability > 0 && cycle.random.unit() < parameters.explorationProbability
    guard !explores, let matched = cycle.attribute(match.matchedBlocks), let total = cycle.scalar(match.totalBlocks),
      total > 0
    else { return }
    let predicted = latency.flatMap { cycle.attribute($0.ttft) }
    let tokens = latency == nil ? cycle.inFlightTokens : nil
    // In milliseconds.
    func firstToken(_ position: Int) -> Double {
      if let tokens { return tokens[position] / parameters.peakPrefillThroughput * 1_000 }
      guard let time = predicted?[position], !time.isNaN else { return .greatestFiniteMagnitude }
      return time
    }
    var stickyCount = 0
    var leastSticky = Double.infinity
    var leastOther = Double.infinity
    for position in keep.indices {
      if matched[position] / total >= parameters.affinityThreshold {
        stickyCount += 1
        leastSticky = min(leastSticky, firstToken(position))
      } else {
        leastOther = min(leastOther, firstToken(position))
      }
    }
    guard stickyCount > 0, stickyCount < keep.count else { return }
    if parameters.maxTTFTPenaltyMs > 0, leastSticky - leastOther > parameters.maxTTFTPenaltyMs { return }
    for position in keep.indices { keep[position] = matched[position] / total >= parameters.affinityThreshold }
  }
}

extension PluginRegistration {
  private enum TTFTSource: String, CaseIterable {
    case prefillThroughput
    case latencyPredictor
  }

  static let prefixCacheAffinityFilter = PluginRegistration(
    type: "prefix-cache-affinity-filter", requires: [.prefixCacheMatch],
    uses: [.inFlightLoad, .latencyPrediction]
  ) { context in
    let decoder = context.parameters
    var parameters = PrefixCacheAffinityFilter.Parameters()
    parameters.affinityThreshold = decoder.double("affinityThreshold", default: 0.8, range: ...1)
    let isOlder = context.lineage != .llmD
    parameters.explorationProbability = decoder.double(
      "explorationProbability", default: isOlder ? 0.01 : 0, range: 0...1)
    parameters.maxTTFTPenaltyMs = decoder.double("maxTTFTPenaltyMs", default: isOlder ? 5_000 : 18_000, range: 0...)
    parameters.peakPrefillThroughput = decoder.double("peakPrefillThroughput", default: 15_928, range: 0...)
    if parameters.peakPrefillThroughput <= 0 { decoder.reject("peakPrefillThroughput", "must be above 0") }
    let source = decoder.enumeration("ttftSource", default: TTFTSource.prefillThroughput)
    let load = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
    let latency = context.latencyAttributes()
    // The older API version knows times to first token from predictions alone, and does not ask for any by itself.
    let isPredicted = isOlder || source == .latencyPredictor
    if isPredicted {
      let name = decoder.string("latencyPredictionInfoProducerName", default: "")
      if !isOlder, name.isEmpty || name == DataKind.latencyPrediction.defaultProducer {
        context.require(
          .latencyPrediction, producer: DataKind.latencyPrediction.defaultProducer,
          parameter: "latencyPredictionInfoProducerName")
      }
    } else if load == DataKind.inFlightLoad.defaultProducer {
      context.require(.inFlightLoad, producer: load, parameter: "inFlightLoadProducerName")
    }
    let producer = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    return PrefixCacheAffinityFilter(
      parameters: parameters, match: PrefixMatchAttributes(context.attributes, producer: producer),
      latency: isPredicted ? latency : nil)
  }
}
