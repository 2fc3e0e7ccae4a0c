import CAccelerate
import PickerConfiguration

/// `inflight-load-producer`: tells how many tokens of a request each candidate would have to compute, and how many
/// tokens a placed request counts.
///
/// Requests and tokens in flight are counters of the endpoint table, which every request counts in through its lease,
/// so they are exact whatever way requests end, and other plugins read them as ``SchedulingCycle/inFlightRequests`` and
/// ``SchedulingCycle/inFlightTokens``. This plugin adds what depends on the prefix cache: a candidate computes
/// max(0, (total − matched) · block size) + max(0, prompt tokens − total · block size) tokens, all prompt tokens when
/// nobody knows the cache. With output estimates a request counts min(round(prompt tokens · ratio), the client's limit,
/// the operator's limit) tokens more, until its response ends rather than until it begins.
public struct InFlightLoadProducer: Producer, LoadEstimator {
  /// The parameters of the producer.
  public struct Parameters: Sendable, Hashable {
    /// Whether tokens of the answer count too.
    public var addEstimatedOutputTokens = false
    /// Tokens of the answer for each token of the prompt.
    public var outputRatio = 1.5
    /// Most tokens of an answer that count; nil for no limit.
    public var maxEstimatedOutputTokens: Int?

    /// Creates the default parameters.
    public init() {}
  }

  private static let largestCount = 1e15

  let parameters: Parameters
  let match: PrefixMatchAttributes
  let load: InFlightLoadAttributes

  /// Creates a producer that reads the matches of another.
  public init(parameters: Parameters = Parameters(), match: PrefixMatchAttributes, load: InFlightLoadAttributes) {
    self.parameters = parameters
    self.match = match
    self.load = load
  }

  /// Computes the tokens that each candidate would have to compute.
  public func produce(_ cycle: SchedulingCycle) {
    let input = Double(cycle.request.promptTokens)
    let uncached = cycle.takeAttribute(load.uncachedRequestTokens)
    guard let target = uncached.baseAddress, let matched = cycle.attribute(match.matchedBlocks)?.baseAddress,
      let total = cycle.scalar(match.totalBlocks), let blockSize = cycle.scalar(match.blockSize)
    else {
      uncached.initialize(repeating: input)
      cycle.setScalar(load.uncachedRequestTokens, input)
      return
    }
    let beyondBlocks = max(0, input - total * blockSize)
    let least = epp_uncached_tokens_f64(matched, total, blockSize, beyondBlocks, target, uncached.count)
    cycle.setScalar(load.uncachedRequestTokens, least)
  }

  /// The tokens that a request placed on the candidate counts.
  public func estimate(_ cycle: SchedulingCycle, candidate: Int) -> (tokens: Int, isHeldUntilEnd: Bool) {
    let input = Double(cycle.request.promptTokens)
    let uncached = cycle.attribute(load.uncachedRequestTokens, ofCandidate: candidate) ?? input
    guard parameters.addEstimatedOutputTokens else { return (Int(min(uncached, Self.largestCount)), false) }
    var output = min((input * parameters.outputRatio).rounded(), Self.largestCount)
    if let limit = cycle.request.inference?.maxOutputTokens { output = min(output, Double(limit)) }
    if let limit = parameters.maxEstimatedOutputTokens { output = min(output, Double(limit)) }
    return (Int(min(uncached + output, Self.largestCount)), true)
  }
}

extension PluginRegistration {
  static let inFlightLoadProducer = PluginRegistration(
    type: "inflight-load-producer", uses: [.prefixCacheMatch], produces: [.inFlightLoad]
  ) { context in
    let decoder = context.parameters
    var parameters = InFlightLoadProducer.Parameters()
    parameters.addEstimatedOutputTokens = decoder.bool("addEstimatedOutputTokens", default: false)
    parameters.outputRatio = decoder.double("outputRatio", default: 1.5, range: 0...)
    parameters.maxEstimatedOutputTokens = decoder.int("maxEstimatedOutputTokens", range: 0...)
    let match = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    // Replicas do not share their counters, so there is nothing to switch off.
    _ = decoder.bool("syncCrossReplicaState", default: true)
    return InFlightLoadProducer(
      parameters: parameters, match: PrefixMatchAttributes(context.attributes, producer: match),
      load: InFlightLoadAttributes(context.attributes, producer: context.publishedName(of: .inFlightLoad)))
  }
}
