import Scheduling

/// The server with the fewest requests in flight, of all of them; any of those where several have as few.
final class LeastRequestPolicy: RoutingPolicy {
  private var inFlight: [Int]
  private var serverOf: [Int: Int] = [:]
  private var random: RandomSource

  init(servers: Int, seed: UInt64) {
    inFlight = Array(repeating: 0, count: servers)
    random = RandomSource(seed: seed)
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Int? {
    guard let least = inFlight.min() else { return nil }
    let candidates = inFlight.indices.filter { inFlight[$0] == least }
    let server = candidates[random.below(candidates.count)]
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
