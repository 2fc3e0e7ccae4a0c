import CAccelerate
import Endpoints
import Synchronization

/// How fast each endpoint computes prompts, learned from the times to the first token of what was placed there.
///
/// For each endpoint, and for all together, two sums that fade: tokens that had to be computed before a first token, and
/// the seconds until it came. The quotient of those of all, pulled towards the prior by as much as ``priorTokens`` tokens
/// at the prior's rate would, is the mean rate, towards which those of the endpoints are pulled in the same way. What
/// an endpoint's rate then differs from the mean counts in full only beyond ``likelyRange``: servers that are alike
/// differ within it by chance and by what they happen to work on, and would otherwise be told apart.
///
/// The endpoints' sums live in columns of the endpoint table, so a slot's next endpoint begins anew. What picks go by is a
/// column too, which is computed anew every ``interval``: divisions for each endpoint would be most of a pick's cost. Safe
/// to use from any thread; of two event loops that add at the same moment one may be lost, which a mean bears.
package final class PrefillRates: Sendable {
  /// Less work than this tells more about fixed costs than about the rate.
  static let minimumTokens = 1_024.0
  /// What the prior counts.
  static let priorTokens = 32_768.0
  /// What is left of an endpoint's sums when a sample is added: samples count for about two hundred more.
  static let retention = 0.995
  /// The same for the sums of all.
  static let sharedRetention = 0.998
  /// Quotients of an endpoint's rate and the mean that say little, and how much of them counts.
  static let likelyRange = 0.7...1.4
  static let likelyShare = 0.3
  /// Seconds from one ``refresh(_:now:)`` that computes to the next.
  static let interval = 0.01
  /// How much of the mean a request moves.
  private static let meanShare = 1.0 / 64

  private let tokens: ColumnID
  private let seconds: ColumnID
  /// Seconds that each endpoint computes a token; not a number until something was learned. Means nothing unless
  /// ``learns``.
  let tokenSeconds: ColumnID
  /// Whether there was room for the columns.
  let learns: Bool
  private let prior: Double
  private let endpoints: EndpointTable
  private let meanBits = Atomic<UInt64>(0)
  private let streamedBits = Atomic<UInt64>(0)
  private let sharedTokens = Atomic<UInt64>(0)
  private let sharedSeconds = Atomic<UInt64>(0)
  private let dueBits = Atomic<UInt64>((-Double.infinity).bitPattern)

  /// - Parameter prior: tokens a second before anything was learned.
  init(prior: Double, endpoints: EndpointTable) {
    self.prior = prior
    self.endpoints = endpoints
    let columns = ["prefill-tokens", "prefill-seconds", "prefill-token-seconds"].compactMap {
      endpoints.column(named: $0)
    }
    // Without room for columns nothing is learned, and any column will do.
    learns = columns.count == 3
    tokens = learns ? columns[0] : .maxActiveModels
    seconds = learns ? columns[1] : .maxActiveModels
    tokenSeconds = learns ? columns[2] : .maxActiveModels
  }

  /// Tokens a second, over all endpoints.
  var meanRate: Double {
    let tokens = Double(bitPattern: sharedTokens.load(ordering: .relaxed))
    let seconds = Double(bitPattern: sharedSeconds.load(ordering: .relaxed))
    return (Self.priorTokens + tokens) / (Self.priorTokens / prior + seconds)
  }

  /// The rate of an endpoint, in tokens a second.
  package func rate(slot: Int) -> Double {
    guard learns else { return meanRate }
    var rates = rates
    let learned = epp_prefill_seconds(endpoints.value(tokens, slot: slot), endpoints.value(seconds, slot: slot), &rates)
    return learned > 0 ? 1 / learned : rates.mean
  }

  /// Brings ``tokenSeconds`` up to date unless that was done a moment ago.
  /// - Parameter now: monotonic time, in seconds.
  func refresh(_ snapshot: EndpointSnapshot, now: Double) {
    let due = Double(bitPattern: dueBits.load(ordering: .relaxed))
    guard learns, now >= due || now < due - Self.interval else { return }
    dueBits.store((now + Self.interval).bitPattern, ordering: .relaxed)
    var rates = rates
    endpoints.withColumns(from: 0) {
      epp_update_prefill_seconds_f64($0[tokenSeconds], $0[tokens], $0[seconds], &rates, snapshot.slotBound)
    }
  }

  /// What counts where nothing was learned of an endpoint.
  var speed: epp_prefill_speed { epp_prefill_speed(above: learns ? 0 : .infinity, mean_token_seconds: 1 / meanRate) }

  private var rates: epp_prefill_rates {
    let mean = meanRate
    return epp_prefill_rates(
      mean: mean, prior_tokens: Self.priorTokens, prior_seconds: Self.priorTokens / mean,
      low: Self.likelyRange.lowerBound, high: Self.likelyRange.upperBound, share: Self.likelyShare)
  }

  /// Adds what was seen of one request.
  package func observe(tokens count: Double, seconds time: Double, endpoint: Endpoint) {
    guard learns, time > 0, time.isFinite, count > 0 else { return }
    Self.add(count, to: sharedTokens)
    Self.add(time, to: sharedSeconds)
    let slot = endpoint.slot
    let before = (endpoints.value(tokens, slot: slot), endpoints.value(seconds, slot: slot))
    endpoints.store((before.0 > 0 ? before.0 * Self.retention : 0) + count, in: tokens, slot: slot)
    endpoints.store((before.1 > 0 ? before.1 * Self.retention : 0) + time, in: seconds, slot: slot)
  }

  private static func add(_ value: Double, to sum: borrowing Atomic<UInt64>) {
    let before = Double(bitPattern: sum.load(ordering: .relaxed))
    sum.store((before * sharedRetention + value).bitPattern, ordering: .relaxed)
  }

  /// Uncached prompt tokens of a request, on average over the last ones.
  package var meanTokens: Double { Double(bitPattern: meanBits.load(ordering: .relaxed)) }

  /// Part of the last requests whose responses are streamed, so that their first tokens are seen.
  package var streamedShare: Double { Double(bitPattern: streamedBits.load(ordering: .relaxed)) }

  package func noteRequest(tokens: Double, isStreamed: Bool) {
    let mean = meanTokens
    let next = mean > 0 ? mean + (tokens - mean) * Self.meanShare : tokens
    meanBits.store(next.bitPattern, ordering: .relaxed)
    let (share, sample) = (streamedShare, isStreamed ? 1.0 : 0)
    let nextShare = mean > 0 ? share + (sample - share) * Self.meanShare : sample
    streamedBits.store(nextShare.bitPattern, ordering: .relaxed)
  }
}
