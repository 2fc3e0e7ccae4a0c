/// Several replicas of a picker behind one proxy that takes them in turn. Each knows what it placed itself and what the
/// servers' metrics say.
final class ReplicatedPolicy: RoutingPolicy {
  private let replicas: [any RoutingPolicy]

  init(_ replicas: [any RoutingPolicy]) {
    self.replicas = replicas
  }

  private func replica(of number: Int) -> any RoutingPolicy { replicas[number % replicas.count] }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    replica(of: number).place(request, number: number, now: now)
  }

  func placeWaiting(now: Double) -> (number: Int, placement: Placement)? {
    for replica in replicas {
      if let next = replica.placeWaiting(now: now) { return next }
    }
    return nil
  }

  var hasWaiting: Bool { replicas.contains(where: \.hasWaiting) }

  func answerBegan(number: Int, now: Double) { replica(of: number).answerBegan(number: number, now: now) }

  func answerEnded(number: Int, now: Double, cachedTokens: Int?) {
    replica(of: number).answerEnded(number: number, now: now, cachedTokens: cachedTokens)
  }

  func scrapeBegan(server: Int) {
    for replica in replicas { replica.scrapeBegan(server: server) }
  }

  func scraped(_ state: ServerState, server: Int, now: Double) {
    for replica in replicas { replica.scraped(state, server: server, now: now) }
  }
}
