/// A trace as it went under one policy.
public struct ReplayRun: Sendable, Hashable {
  /// The policy's name.
  public let name: String
  /// Number of servers.
  public let servers: Int
  /// One outcome for each request of the trace.
  public let outcomes: [RequestOutcome]
  /// The figures.
  public let summary: ReplaySummary

  init(name: String, trace: Trace, servers: Int, outcomes: [RequestOutcome], targetTTFT: Double) {
    self.name = name
    self.servers = servers
    self.outcomes = outcomes
    summary = ReplaySummary(trace, outcomes, servers: servers, targetTTFT: targetTTFT)
  }

  /// Share of the requests that went to another server than in another run of the same trace, 0…1.
  public func disagreement(with other: ReplayRun) -> Double {
    guard !outcomes.isEmpty, outcomes.count == other.outcomes.count else { return 0 }
    let different = zip(outcomes, other.outcomes).count { $0.server != $1.server }
    return Double(different) / Double(outcomes.count)
  }
}
