import Synchronization

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
  /// Made when somebody first asks for an address, which in many pools nobody does; from then on, whoever changes the
  /// set makes it for the next snapshot.
  private let index = AtomicLazyReference<AddressIndex>()

  init(version: UInt64, endpoints: [Endpoint]) {
    self.version = version
    self.endpoints = endpoints
    self.slotBound = endpoints.last.map { $0.slot + 1 } ?? 0
    self.isDense = slotBound == endpoints.count
  }

  /// Another set in place of a previous one.
  convenience init(replacing previous: EndpointSnapshot, endpoints: [Endpoint]) {
    self.init(version: previous.version + 1, endpoints: endpoints)
    if previous.index.load() != nil { _ = index.storeIfNil(AddressIndex(endpoints)) }
  }

  /// The set that a change makes of another: `dropped` are gone or replaced, `introduced` are new or replace them.
  convenience init(
    after previous: EndpointSnapshot, dropping dropped: [Endpoint], introducing introduced: [Endpoint]
  ) {
    let next = Self.merge(previous.endpoints, without: dropped, with: introduced)
    self.init(version: previous.version + 1, endpoints: next)
    if let known = previous.index.load() {
      _ = index.storeIfNil(
        AddressIndex(after: known, dropping: dropped, introducing: introduced) { self.endpoint(inSlot: $0) })
    }
  }

  /// In one pass that takes over stretches of unchanged endpoints as they are.
  private static func merge(
    _ endpoints: [Endpoint], without dropped: [Endpoint], with introduced: [Endpoint]
  ) -> [Endpoint] {
    let dropped = dropped.map(\.slot).sorted()
    let introduced = introduced.sorted { $0.slot < $1.slot }
    var next: [Endpoint] = []
    next.reserveCapacity(endpoints.count + introduced.count)
    var position = 0
    var (drop, add) = (0, 0)
    while drop < dropped.count || add < introduced.count {
      let slot = min(
        drop < dropped.count ? dropped[drop] : .max, add < introduced.count ? introduced[add].slot : .max)
      let end = lowerBound(slot, in: endpoints, from: position)
      next.append(contentsOf: endpoints[position..<end])
      position = end
      if drop < dropped.count, dropped[drop] == slot {
        drop += 1
        if position < endpoints.count, endpoints[position].slot == slot { position += 1 }
      }
      if add < introduced.count, introduced[add].slot == slot {
        next.append(introduced[add])
        add += 1
      }
    }
    next.append(contentsOf: endpoints[position...])
    return next
  }

  /// Position of the first endpoint whose slot is not below `slot`.
  private static func lowerBound(_ slot: Int, in endpoints: [Endpoint], from start: Int) -> Int {
    var low = start
    var high = endpoints.count
    while low < high {
      let middle = (low + high) / 2
      if endpoints[middle].slot < slot { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The index in ``endpoints`` of the endpoint with this wire address (`ip:port`, IPv6 in brackets).
  public func index(ofAddress text: String) -> Int? {
    addresses.slot(ofAddress: text).flatMap { index(ofSlot: $0) }
  }

  /// The endpoint in this slot.
  public func endpoint(inSlot slot: Int) -> Endpoint? { index(ofSlot: slot).map { endpoints[$0] } }

  /// The indexes in ``endpoints`` of all endpoints on this IP address (without brackets), ascending.
  public func indexes(ofHost host: String) -> [Int] {
    let slots = addresses.slots(ofHost: host)
    let indexes = slots.compactMap { index(ofSlot: $0) }
    return slots.count > 1 ? indexes.sorted() : indexes
  }

  private var addresses: AddressIndex {
    index.load() ?? index.storeIfNil(AddressIndex(endpoints))
  }

  private func index(ofSlot slot: Int) -> Int? {
    if isDense { return endpoints.indices.contains(slot) ? slot : nil }
    let position = Self.lowerBound(slot, in: endpoints, from: 0)
    return position < endpoints.count && endpoints[position].slot == slot ? position : nil
  }
}
