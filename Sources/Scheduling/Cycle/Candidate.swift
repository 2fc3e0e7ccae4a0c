import Endpoints

/// One candidate of a scheduling cycle.
public struct Candidate {
  /// The cycle.
  public let cycle: SchedulingCycle
  /// The candidate's position in the cycle's arrays.
  public let position: Int

  /// The endpoint.
  public var endpoint: Endpoint { cycle.endpoint(position) }
  /// Requests waiting: scraped, and placed since the scrape.
  public var queueDepth: Double { cycle.queueDepths[position] }
  /// Requests running: scraped, and placed since the scrape.
  public var runningRequests: Double { cycle.runningRequests[position] }
  /// Used part of the KV cache, 0…1.
  public var kvCacheUsage: Double { cycle.values(.kvCacheUsage)[position] }
}
