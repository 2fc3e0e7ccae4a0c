import CAccelerate
import Endpoints
import PickerConfiguration

/// `ttft-estimate-scorer`: prefers the candidate that is expected to give the first token soonest.
///
/// All that matters is brought to one unit, seconds, so there are no weights to find:
///
/// estimate = (own + pending + foreign) / rate + interference + d · running
///
/// with *own* = prompt tokens that the candidate does not have cached, *pending* = such tokens of requests placed there
/// that wait for their first token, *foreign* = requests waiting there that this process did not place, times the mean
/// uncached prompt, *rate* = the candidate's learned prefill rate, *d* = what a running sequence adds to a step, and
/// *interference* = d · running · steps, since prompts are computed in steps that decode for the running sequences too.
/// Candidates are compared by cost = estimate + (c + g · backlog) · own / rate, which counts what the computing of this
/// prompt takes from requests that come later: the more of them the longer work waits, so *backlog* is the mean of
/// (pending + foreign) / rate over the candidates, in seconds, over about the last ten seconds: a burst is not yet a
/// loaded pool. Score: (least cost) / cost, which is 1 for the best candidate.
///
/// As a saturation detector it compares (pending + foreign) / rate of the candidate with the least of it to
/// ``Parameters/fullAfter``: the pool is saturated when every endpoint has that much work ahead. Requests whose responses
/// are not streamed are pending until they end, though the server is done with their prompts. Where more than one in
/// twenty is such, no more counts than *queued* = requests in the server's queue or placed since, times the mean uncached
/// prompt.
public final class TTFTEstimateScorer: OverwritingScorer, EstimatingScorer, SaturationDetector, RequestObserver {
  /// The parameters of the scorer.
  public struct Parameters: Sendable, Hashable {
    /// Prompt tokens a server computes in a second, as long as nothing else was learned.
    public var prefillTokensPerSecond = 8_000.0
    /// Seconds that a running sequence adds to a step of the server.
    public var decodeSecondsPerSequence = 0.0001
    /// Tokens that a server computes in one step.
    public var stepTokens = 2_048.0
    /// How much the computing of uncached tokens counts beyond the wait of the request itself.
    public var computeWeight = 1.0
    /// What each second of backlog adds to ``computeWeight``.
    public var computeWeightPerSecond = 2.0
    /// Seconds of work from which on an endpoint has enough ahead, for flow control; positive.
    public var fullAfter = 1.0

    /// Creates the default parameters.
    public init() {}
  }

  /// Part of the requests from which on what is pending is taken for work.
  private static let trustedShare = 0.95

  let parameters: Parameters
  let load: InFlightLoadAttributes
  package let rates: PrefillRates
  private let backlog = FadingMean(seconds: 10)

  /// Creates a scorer.
  /// - Parameter endpoints: where what is learned of the endpoints is kept.
  public init(parameters: Parameters = Parameters(), load: InFlightLoadAttributes, endpoints: EndpointTable) {
    self.parameters = parameters
    self.load = load
    rates = PrefillRates(prior: parameters.prefillTokensPerSecond, endpoints: endpoints)
  }

  /// Scores by the estimates.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    guard !scores.isEmpty else { return }
    guard let start = scores.baseAddress, let estimated = estimate(cycle, into: scores) else {
      scores.update(repeating: 0)
      return
    }
    let usual = backlog.add(estimated.backlog / Double(scores.count), now: cycle.now)
    let weight = parameters.computeWeight + parameters.computeWeightPerSecond * usual
    let least = epp_costs_f64(start, estimated.own, weight, scores.count)
    epp_shares_of_least_f64(start, least, scores.count)
  }

  /// The estimates in seconds, for people.
  public func estimates(_ cycle: SchedulingCycle) -> [Double] {
    Array(unsafeUninitializedCapacity: cycle.count) { target, count in
      let isEstimated = estimate(cycle, into: UnsafeMutableBufferPointer(rebasing: target[..<cycle.count])) != nil
      count = isEstimated ? cycle.count : 0
    }
  }

  /// - Returns: how long each candidate computes what it has not cached, and the seconds of work ahead of all.
  private func estimate(
    _ cycle: SchedulingCycle, into target: UnsafeMutableBufferPointer<Double>
  ) -> (own: UnsafeMutablePointer<Double>, backlog: Double)? {
    guard let start = target.baseAddress, target.count > 0 else { return nil }
    let uncached: UnsafePointer<Double>
    if let known = cycle.attribute(load.uncachedRequestTokens)?.baseAddress {
      uncached = known
    } else {
      let all = cycle.takeNumbers(target.count)
      all.update(repeating: Double(cycle.request.promptTokens), count: target.count)
      uncached = UnsafePointer(all)
    }
    let own = cycle.takeNumbers(target.count)
    var steps = epp_prefill_steps(decode_seconds: parameters.decodeSecondsPerSequence, tokens: parameters.stepTokens)
    if let slots = cycle.slotsOfAll {
      rates.refresh(cycle.snapshot, now: cycle.now)
      let backlog = cycle.table.withColumns(from: slots.lowerBound) { memory in
        var columns = epp_prefill_columns(
          load: memory.load, token_seconds: memory[rates.tokenSeconds], speed: rates.speed,
          mean_tokens: rates.meanTokens)
        return epp_prefill_estimates_of_columns_f64(&columns, &steps, uncached, start, own, target.count)
      }
      return (own, backlog)
    }
    guard var ahead = work(cycle) else { return nil }
    let sequences = cycle.computed { cycle, slots, target in
      cycle.table.withColumns(from: slots.lowerBound) {
        var columns = $0.load
        epp_copy_sequences_f64(target, &columns, slots.count)
      }
    }
    return (own, epp_prefill_estimates_f64(&ahead, sequences, &steps, uncached, start, own, target.count))
  }

  /// What lies ahead at the candidates.
  private func work(_ cycle: SchedulingCycle) -> epp_prefill_load? {
    rates.refresh(cycle.snapshot, now: cycle.now)
    guard let tokenSeconds = cycle.values(rates.tokenSeconds).baseAddress else { return nil }
    let meanTokens = rates.meanTokens
    let ahead = cycle.computed { cycle, slots, target in
      cycle.table.withColumns(from: slots.lowerBound) {
        var columns = $0.load
        epp_copy_tokens_ahead_f64(target, &columns, meanTokens, slots.count)
      }
    }
    return epp_prefill_load(ahead: ahead, token_seconds: tokenSeconds, speed: rates.speed)
  }

  /// The work that waits at the candidate with the least of it, in units of ``Parameters/fullAfter``; 1 without
  /// candidates.
  public func saturation(_ cycle: SchedulingCycle) -> Double {
    guard cycle.count > 0, var ahead = work(cycle) else { return 1 }
    return epp_prefill_least_ahead_f64(&ahead, queuedTokens(cycle), cycle.count) / parameters.fullAfter
  }

  /// What the servers' queues hold; nil where requests are pending no longer than until their first token.
  private func queuedTokens(_ cycle: SchedulingCycle) -> UnsafePointer<Double>? {
    guard rates.streamedShare <= Self.trustedShare else { return nil }
    let (waiting, unseen) = (cycle.values(.waitingQueueSize), cycle.pendingRequests)
    let tokens = cycle.takeNumbers(cycle.count)
    let mean = rates.meanTokens
    for position in 0..<cycle.count { tokens[position] = (waiting[position] + unseen[position]) * mean }
    return UnsafePointer(tokens)
  }

  /// One endpoint with room is enough.
  public var isLeastOfParts: Bool { true }

  /// Follows requests whose responses are streamed: only those tell when the first token came.
  public func requestBegan(_ cycle: SchedulingCycle) -> (any RequestObservation)? {
    guard let primary = cycle.primaryProfile, let candidate = cycle.results[primary].candidates.first,
      let endpoint = cycle.results[primary].endpoints.first
    else { return nil }
    let own =
      cycle.attribute(load.uncachedRequestTokens, ofCandidate: candidate) ?? Double(cycle.request.promptTokens)
    let isStreamed = cycle.request.inference?.isStreaming == true
    rates.noteRequest(tokens: own, isStreamed: isStreamed)
    guard isStreamed else { return nil }
    // The request is among those in flight there.
    let tokens = max(own, Double(cycle.table.inFlightTokens(slot: endpoint.slot)))
    guard tokens >= PrefillRates.minimumTokens else { return nil }
    return PrefillObservation(rates: rates, endpoint: endpoint, tokens: tokens)
  }
}

/// Measures what came between a request and its first token.
private final class PrefillObservation: RequestObservation {
  private let rates: PrefillRates
  private let endpoint: Endpoint
  private let tokens: Double

  init(rates: PrefillRates, endpoint: Endpoint, tokens: Double) {
    self.rates = rates
    self.endpoint = endpoint
    self.tokens = tokens
  }

  func responseBegan(after seconds: Double) { rates.observe(tokens: tokens, seconds: seconds, endpoint: endpoint) }

  func ended(_ end: RequestEnd) {}
}

extension PluginRegistration {
  static let ttftEstimateScorer = PluginRegistration(
    type: "ttft-estimate-scorer", requires: [.inFlightLoad, .tokenizedPrompt]
  ) { context in
    let decoder = context.parameters
    var parameters = TTFTEstimateScorer.Parameters()
    parameters.prefillTokensPerSecond = decoder.double(
      "prefillTokensPerSecond", default: parameters.prefillTokensPerSecond, range: 1...1e9)
    parameters.decodeSecondsPerSequence = decoder.double(
      "decodeSecondsPerSequence", default: parameters.decodeSecondsPerSequence, range: 0...1)
    parameters.stepTokens = decoder.double("stepTokens", default: parameters.stepTokens, range: 1...1e9)
    parameters.computeWeight = decoder.double("computeWeight", default: parameters.computeWeight, range: 0...100)
    parameters.computeWeightPerSecond = decoder.double(
      "computeWeightPerSecond", default: parameters.computeWeightPerSecond, range: 0...100)
    parameters.fullAfter = decoder.duration("fullAfter", default: .seconds(1)).seconds
    if parameters.fullAfter <= 0 { decoder.reject("fullAfter", "must be positive") }
    let producer = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
    return TTFTEstimateScorer(
      parameters: parameters, load: InFlightLoadAttributes(context.attributes, producer: producer),
      endpoints: context.endpoints)
  }
}
