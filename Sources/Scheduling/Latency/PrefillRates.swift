import Endpoints
import Synchronization

/// How fast each endpoint computes prompts, learned from the times to the first token of what was placed there.
///
/// For each endpoint two sums that fade: tokens that had to be computed before a first token, and the seconds until it
/// came. Their quotient, pulled towards the prior by as much as ``priorTokens`` tokens at the prior's rate would, is the
/// rate. They live in columns of the endpoint table, so a slot's next endpoint begins anew. Safe to use from any thread;
/// of two event loops that add at the same moment one may be lost, which a mean bears.
package final class PrefillRates: Sendable {
  /// Less work than this tells more about fixed costs than about the rate.
  static let minimumTokens = 1_024.0
  /// What the prior counts.
  static let priorTokens = 32_768.0
  /// What is left of the sums when a sample is added: samples count for about fifty more.
  static let retention = 0.98
  /// How much of the mean a request moves.
  private static let meanShare = 1.0 / 64

  let tokens: ColumnID
  let seconds: ColumnID
  private let hasColumns: Bool
  private let prior: Double
  private let endpoints: EndpointTable
  private let meanBits = Atomic<UInt64>(0)

  /// - Parameter prior: tokens a second before anything was learned.
  init(prior: Double, endpoints: EndpointTable) {
    self.prior = prior
    self.endpoints = endpoints
    // Without room for columns nothing is learned: a column that is 0 unless scraped says the same as an empty sum.
    let columns = (endpoints.column(named: "prefill-tokens"), endpoints.column(named: "prefill-seconds"))
    hasColumns = columns.0 != nil && columns.1 != nil
    tokens = columns.0 ?? .maxActiveModels
    seconds = columns.1 ?? .maxActiveModels
  }

  /// Tokens a second of an endpoint with these sums; NaN stands for none.
  @inline(__always)
  func rate(tokens: Double, seconds: Double) -> Double {
    guard hasColumns, tokens > 0, seconds > 0 else { return prior }
    return (Self.priorTokens + tokens) / (Self.priorTokens / prior + seconds)
  }

  /// The rate of an endpoint.
  package func rate(slot: Int) -> Double {
    rate(tokens: endpoints.value(tokens, slot: slot), seconds: endpoints.value(seconds, slot: slot))
  }

  /// Adds what was seen of one request.
  package func observe(tokens count: Double, seconds time: Double, endpoint: Endpoint) {
    guard hasColumns, time > 0, time.isFinite, count > 0 else { return }
    let slot = endpoint.slot
    let before = (endpoints.value(tokens, slot: slot), endpoints.value(seconds, slot: slot))
    endpoints.store((before.0 > 0 ? before.0 * Self.retention : 0) + count, in: tokens, slot: slot)
    endpoints.store((before.1 > 0 ? before.1 * Self.retention : 0) + time, in: seconds, slot: slot)
  }

  /// Uncached prompt tokens of a request, on average over the last ones.
  var meanTokens: Double { Double(bitPattern: meanBits.load(ordering: .relaxed)) }

  package func noteRequest(tokens: Double) {
    let mean = meanTokens
    let next = mean > 0 ? mean + (tokens - mean) * Self.meanShare : tokens
    meanBits.store(next.bitPattern, ordering: .relaxed)
  }
}
