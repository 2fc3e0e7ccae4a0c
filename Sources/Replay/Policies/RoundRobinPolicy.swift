/// One server after the other.
final class RoundRobinPolicy: RoutingPolicy {
  private let servers: Int
  private var next = 0

  init(servers: Int) {
    self.servers = servers
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    defer { next = (next + 1) % servers }
    return .server(next)
  }
}
