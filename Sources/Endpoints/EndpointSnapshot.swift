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
  /// Slots, which a later snapshot can take over where indexes would have moved.
  private let slotByAddress: [String: Int]
  private let slotsByHost: [String: [Int]]

  init(version: UInt64, endpoints: [Endpoint]) {
    var byAddress: [String: Int] = [:]
    var byHost: [String: [Int]] = [:]
    for endpoint in endpoints {
      byAddress[endpoint.addressText] = endpoint.slot
      byHost[endpoint.address.host, default: []].append(endpoint.slot)
    }
    self.version = version
    self.endpoints = endpoints
    self.slotBound = endpoints.last.map { $0.slot + 1 } ?? 0
    self.isDense = slotBound == endpoints.count
    self.slotByAddress = byAddress
    self.slotsByHost = byHost
  }

  /// The set that a change makes of another: `dropped` are gone or replaced, `introduced` are new or replace them.
  init(after previous: EndpointSnapshot, dropping dropped: [Endpoint], introducing introduced: [Endpoint]) {
    let droppedSlots = Set(dropped.map(\.slot))
    var next = previous.endpoints.filter { !droppedSlots.contains($0.slot) }
    next += introduced
    // Almost sorted: what was there is in order.
    next.sort { $0.slot < $1.slot }
    var byAddress = previous.slotByAddress
    var byHost = previous.slotsByHost
    for endpoint in dropped {
      let host = endpoint.address.host
      byHost[host]?.removeAll { $0 == endpoint.slot }
      if byHost[host]?.isEmpty == true { byHost[host] = nil }
      if byAddress[endpoint.addressText] == endpoint.slot { byAddress[endpoint.addressText] = nil }
    }
    for endpoint in introduced {
      byAddress[endpoint.addressText] = endpoint.slot
      byHost[endpoint.address.host, default: []].append(endpoint.slot)
    }
    // Another endpoint may have had the address of one that went.
    for endpoint in dropped where byAddress[endpoint.addressText] == nil {
      let others = byHost[endpoint.address.host] ?? []
      let heir = others.last { Self.endpoint(inSlot: $0, of: next)?.addressText == endpoint.addressText }
      if let heir { byAddress[endpoint.addressText] = heir }
    }
    self.version = previous.version + 1
    self.endpoints = next
    self.slotBound = next.last.map { $0.slot + 1 } ?? 0
    self.isDense = slotBound == next.count
    self.slotByAddress = byAddress
    self.slotsByHost = byHost
  }

  /// The index in ``endpoints`` of the endpoint with this wire address (`ip:port`, IPv6 in brackets).
  public func index(ofAddress text: String) -> Int? { slotByAddress[text].flatMap { index(ofSlot: $0) } }

  /// The endpoint in this slot.
  public func endpoint(inSlot slot: Int) -> Endpoint? { Self.endpoint(inSlot: slot, of: endpoints) }

  /// The indexes in ``endpoints`` of all endpoints on this IP address (without brackets), ascending.
  public func indexes(ofHost host: String) -> [Int] {
    guard let slots = slotsByHost[host] else { return [] }
    let indexes = slots.compactMap { index(ofSlot: $0) }
    return slots.count > 1 ? indexes.sorted() : indexes
  }

  private func index(ofSlot slot: Int) -> Int? {
    isDense ? slot : Self.index(ofSlot: slot, in: endpoints)
  }

  private static func endpoint(inSlot slot: Int, of endpoints: [Endpoint]) -> Endpoint? {
    index(ofSlot: slot, in: endpoints).map { endpoints[$0] }
  }

  private static func index(ofSlot slot: Int, in endpoints: [Endpoint]) -> Int? {
    var low = 0
    var high = endpoints.count
    while low < high {
      let middle = (low + high) / 2
      if endpoints[middle].slot < slot { low = middle + 1 } else { high = middle }
    }
    guard low < endpoints.count, endpoints[low].slot == slot else { return nil }
    return low
  }
}
