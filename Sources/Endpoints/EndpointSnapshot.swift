/// The set of endpoints at one moment, immutable and shared between event loops.
public final class EndpointSnapshot: Sendable {
  /// Grows by at least one with every change of the set.
  public let version: UInt64
  /// The endpoints in ascending slot order.
  public let endpoints: [Endpoint]
  /// One more than the highest slot in use; 0 without endpoints.
  public let slotBound: Int
  /// Whether the slots are exactly `0 ..< endpoints.count`, so that table columns are candidate columns.
  public let isDense: Bool
  private let indexByAddress: [String: Int]
  private let indexesByHost: [String: [Int]]

  init(version: UInt64, endpoints: [Endpoint]) {
    self.version = version
    self.endpoints = endpoints
    self.slotBound = endpoints.last.map { $0.slot + 1 } ?? 0
    self.isDense = slotBound == endpoints.count
    var byAddress: [String: Int] = [:]
    var byHost: [String: [Int]] = [:]
    for (index, endpoint) in endpoints.enumerated() {
      byAddress[endpoint.addressText] = index
      byHost[endpoint.address.host, default: []].append(index)
    }
    self.indexByAddress = byAddress
    self.indexesByHost = byHost
  }

  /// The index in ``endpoints`` of the endpoint with this wire address (`ip:port`, IPv6 in brackets).
  public func index(ofAddress text: String) -> Int? { indexByAddress[text] }

  /// The endpoint in this slot.
  public func endpoint(inSlot slot: Int) -> Endpoint? {
    var low = 0
    var high = endpoints.count
    while low < high {
      let middle = (low + high) / 2
      if endpoints[middle].slot < slot { low = middle + 1 } else { high = middle }
    }
    guard low < endpoints.count, endpoints[low].slot == slot else { return nil }
    return endpoints[low]
  }

  /// The indexes in ``endpoints`` of all endpoints on this IP address (without brackets).
  public func indexes(ofHost host: String) -> [Int] { indexesByHost[host] ?? [] }
}
