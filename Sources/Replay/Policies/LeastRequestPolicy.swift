import Scheduling

/// The server with the fewest requests in flight, of all of them; any of those where several have as few.
final class LeastRequestPolicy: RoutingPolicy {
  private var inFlight: RequestsInFlight
  private var random: RandomSource

  init(servers: Int, seed: UInt64) {
    inFlight = RequestsInFlight(servers: servers)
    random = RandomSource(seed: seed)
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    guard let least = inFlight.counts.min() else { return .turnedAway }
    let candidates = inFlight.counts.indices.filter { inFlight.counts[$0] == least }
    let server = candidates[random.below(candidates.count)]
    inFlight.place(number, on: server)
    return .server(server)
  }

  func answerEnded(number: Int, now: Double, cachedTokens: Int?) {
    inFlight.end(number)
  }
}
