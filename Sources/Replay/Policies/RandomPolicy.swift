import Scheduling

/// Any server, or the less loaded of two drawn at random.
final class RandomPolicy: RoutingPolicy {
  private let choices: Int
  private var inFlight: [Int]
  private var serverOf: [Int: Int] = [:]
  private var random: RandomSource

  /// - Parameter choices: servers to draw; of those the one with the fewest requests in flight is taken.
  init(servers: Int, choices: Int, seed: UInt64) {
    self.choices = max(1, min(choices, servers))
    inFlight = Array(repeating: 0, count: servers)
    random = RandomSource(seed: seed)
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Int? {
    var server = random.below(inFlight.count)
    if choices > 1 {
      // Another than the first, each with the same chance.
      let other = (server + 1 + random.below(inFlight.count - 1)) % inFlight.count
      if inFlight[other] < inFlight[server] { server = other }
    }
    inFlight[server] += 1
    serverOf[number] = server
    return server
  }

  func answerBegan(number: Int, now: Double) {}

  func answerEnded(number: Int, now: Double) {
    guard let server = serverOf.removeValue(forKey: number) else { return }
    inFlight[server] -= 1
  }

  func scrapeBegan(server: Int) {}
  func scraped(_ state: ServerState, server: Int, now: Double) {}
}
