import Scheduling

/// Any server, or the less loaded of two drawn at random.
final class RandomPolicy: RoutingPolicy {
  private let choices: Int
  private var inFlight: RequestsInFlight
  private var random: RandomSource

  /// - Parameter choices: servers to draw; of those the one with the fewest requests in flight is taken.
  init(servers: Int, choices: Int, seed: UInt64) {
    self.choices = max(1, min(choices, servers))
    inFlight = RequestsInFlight(servers: servers)
    random = RandomSource(seed: seed)
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    var server = random.below(inFlight.counts.count)
    if choices > 1 {
      // Another than the first, each with the same chance.
      let other = (server + 1 + random.below(inFlight.counts.count - 1)) % inFlight.counts.count
      if inFlight.counts[other] < inFlight.counts[server] { server = other }
    }
    inFlight.place(number, on: server)
    return .server(server)
  }

  func answerEnded(number: Int, now: Double, cachedTokens: Int?) {
    inFlight.end(number)
  }
}
