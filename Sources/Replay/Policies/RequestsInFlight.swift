/// How many requests each server has in flight, for policies that count them themselves.
struct RequestsInFlight {
  /// Requests by server.
  private(set) var counts: [Int]
  /// Requests on all servers.
  private(set) var total = 0
  private var serverOf: [Int: Int] = [:]

  init(servers: Int) {
    counts = Array(repeating: 0, count: servers)
  }

  /// A request was placed.
  mutating func place(_ number: Int, on server: Int) {
    counts[server] += 1
    total += 1
    serverOf[number] = server
  }

  /// A request has ended; one that was never placed is passed over.
  mutating func end(_ number: Int) {
    guard let server = serverOf.removeValue(forKey: number) else { return }
    counts[server] -= 1
    total -= 1
  }
}
