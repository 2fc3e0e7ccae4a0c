import Endpoints
import PickerConfiguration

/// `precise-prefix-cache-scorer`: scores by the share of the prompt that a candidate has cached, matched / total blocks.
///
/// The older way to say `precise-prefix-cache-producer` and `prefix-cache-scorer` in one. It looks prompts up itself
/// unless the configuration has a producer.
public final class PrecisePrefixCacheScorer: Scorer, PrefixMatchSource, PlacementFollower, EndpointObserver {
  /// The producer that belongs to the scorer; nil when it reads that of another instance.
  public let ownProducer: PrecisePrefixCacheProducer?
  private let scorer: PrefixCacheScorer

  /// Creates a scorer that reads the matches of a producer.
  /// - Parameter isOwn: the producer is no instance of its own, so that the scorer has to have it do its work.
  public init(_ producer: PrecisePrefixCacheProducer, isOwn: Bool) {
    ownProducer = isOwn ? producer : nil
    scorer = PrefixCacheScorer(match: producer.attributes)
  }

  /// Scores by the producer's matches.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    scorer.score(cycle, into: scores)
  }

  /// Has its own producer look the prompts up.
  public func produce(_ cycle: SchedulingCycle) { ownProducer?.produce(cycle) }

  /// Tells its own producer where the request goes.
  public func requestPlaced(_ cycle: SchedulingCycle) { ownProducer?.requestPlaced(cycle) }

  /// What its own producer has to know later.
  public func note(_ cycle: SchedulingCycle, into numbers: inout [UInt64]) {
    ownProducer?.note(cycle, into: &numbers)
  }

  /// Tells its own producer that another endpoint served.
  public func requestMoved(_ numbers: ArraySlice<UInt64>, from slot: Int, to endpoint: Endpoint, table: EndpointTable) {
    ownProducer?.requestMoved(numbers, from: slot, to: endpoint, table: table)
  }

  /// What the endpoint chosen had of the prompt, as far as its own producer says.
  public func placedMatch(_ cycle: SchedulingCycle) -> PrefixMatch? { ownProducer?.placedMatch(cycle) }

  /// Tells its own producer that an endpoint is gone.
  public func endpointRemoved(_ endpoint: Endpoint) { ownProducer?.endpointRemoved(endpoint) }
}

extension PluginRegistration {
  static let precisePrefixCacheScorer = PluginRegistration(
    type: "precise-prefix-cache-scorer", requires: [.tokenizedPrompt], produces: [.prefixCacheMatch],
    refersToPlugins: true, replacement: "precise-prefix-cache-producer and prefix-cache-scorer"
  ) { (context) throws(ConfigurationError) in
    let parameters = PrecisePrefixCacheProducer.Parameters(decoding: context.parameters)
    let existing = context.instances.compactMap { $0.plugin as? PrecisePrefixCacheProducer }
    guard existing.count <= 1 else {
      throw ConfigurationError(
        context.parameters.location,
        "there are \(existing.count) precise-prefix-cache-producers to read; use prefix-cache-scorer with "
          + "prefixMatchInfoProducerName")
    }
    if let producer = existing.first { return PrecisePrefixCacheScorer(producer, isOwn: false) }
    return PrecisePrefixCacheScorer(
      PrecisePrefixCacheProducer(parameters: parameters, attributes: context.attributes, name: context.name),
      isOwn: true)
  }
}
