/// Consistent hashing with bounded load: the first block of the prompt orders the servers (highest random weight), and
/// the first of them takes the request that has fewer than 1.25 times the mean of requests in flight.
final class BoundedHashPolicy: RoutingPolicy {
  private static let bound = 1.25
  private var inFlight: RequestsInFlight

  init(servers: Int) {
    inFlight = RequestsInFlight(servers: servers)
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    let key = request.blocks.first ?? UInt64(number)
    let limit = (Self.bound * Double(inFlight.total + 1) / Double(inFlight.counts.count)).rounded(.up)
    let order = inFlight.counts.indices.sorted { Self.weight(key, $0) > Self.weight(key, $1) }
    guard let server = order.first(where: { Double(inFlight.counts[$0]) < limit }) ?? order.first else {
      return .turnedAway
    }
    inFlight.place(number, on: server)
    return .server(server)
  }

  private static func weight(_ key: UInt64, _ server: Int) -> UInt64 {
    var value = (key &+ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9 ^ UInt64(server) &* 0x94D0_49BB_1331_11EB
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  func answerEnded(number: Int, now: Double, cachedTokens: Int?) {
    inFlight.end(number)
  }
}
