/// The figures of one run. Times are in seconds.
public struct ReplaySummary: Sendable, Hashable {
  /// Requests of the trace.
  public let requests: Int
  /// Requests that the policy turned away or a server refused.
  public let unserved: Int
  /// Part of all prompt tokens that was found in prefix caches, 0…1.
  public let prefixHitShare: Double
  /// ``prefixHitShare`` as part of what one cache without limits would find; 0 when that finds nothing.
  public let shareOfCeiling: Double
  /// Part of all requests whose first token came within ``ServerSettings/targetTTFT``, 0…1.
  public let goodput: Double
  /// Requests in flight on each server, on average over the run.
  public let meanInFlight: [Double]
  /// Standard deviation of ``meanInFlight`` over its mean; 0 when all servers carry the same.
  public let loadSpread: Double
  /// From arrival until a server begins to work.
  public let queueTime: Distribution
  /// From arrival until the first token.
  public let timeToFirstToken: Distribution
  /// From arrival until the last token.
  public let latency: Distribution
  /// From the first arrival until the last answer ended.
  public let duration: Double

  init(_ trace: Trace, _ outcomes: [RequestOutcome], servers: Int, targetTTFT: Double) {
    let served = zip(trace.requests, outcomes).filter { $0.1.latency != nil }
    let promptTokens = served.reduce(0) { $0 + $1.0.promptTokens }
    let cachedTokens = served.reduce(0) { $0 + $1.1.cachedTokens }
    let start = trace.requests.first?.arrival ?? 0
    let end = served.reduce(start) { max($0, $1.0.arrival + ($1.1.latency ?? 0)) }
    var busy = Array(repeating: 0.0, count: servers)
    for (_, outcome) in served { busy[outcome.server ?? 0] += outcome.latency ?? 0 }
    let length = max(end - start, .ulpOfOne)
    let carried = busy.map { $0 / length }

    requests = outcomes.count
    unserved = outcomes.count - served.count
    prefixHitShare = promptTokens > 0 ? Double(cachedTokens) / Double(promptTokens) : 0
    let ceiling = trace.hitCeiling
    shareOfCeiling = ceiling > 0 ? prefixHitShare / ceiling : 0
    let inTime = served.count { $0.1.timeToFirstToken ?? .infinity <= targetTTFT }
    goodput = outcomes.isEmpty ? 0 : Double(inTime) / Double(outcomes.count)
    meanInFlight = carried
    loadSpread = Self.spread(carried)
    queueTime = Distribution(served.compactMap { $0.1.queueTime })
    timeToFirstToken = Distribution(served.compactMap { $0.1.timeToFirstToken })
    latency = Distribution(served.compactMap { $0.1.latency })
    duration = end - start
  }

  private static func spread(_ values: [Double]) -> Double {
    guard let first = values.first else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    // Equal values must not show the rounding of their mean.
    guard mean > 0, values.contains(where: { $0 != first }) else { return 0 }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return variance.squareRoot() / mean
  }
}

/// Values in ascending order, for percentiles.
public struct Distribution: Sendable, Hashable {
  /// The values, ascending.
  public let sorted: [Double]

  init(_ values: [Double]) {
    sorted = values.sorted()
  }

  /// The smallest value that `share` of all values do not exceed (nearest rank), 0 without values.
  public func percentile(_ share: Double) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  /// The mean, 0 without values.
  public var mean: Double { sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count) }
}
