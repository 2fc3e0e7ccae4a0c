/// Which endpoints of a snapshot have an address. Immutable.
///
/// Holds slots, which a later snapshot can take over where positions would have moved.
final class AddressIndex: Sendable {
  private let slotByAddress: [String: Int]
  private let slotsByHost: [String: [Int]]

  init(_ endpoints: [Endpoint]) {
    var byAddress: [String: Int] = [:]
    var byHost: [String: [Int]] = [:]
    for endpoint in endpoints {
      byAddress[endpoint.addressText] = endpoint.slot
      byHost[endpoint.address.host, default: []].append(endpoint.slot)
    }
    slotByAddress = byAddress
    slotsByHost = byHost
  }

  /// The index of the snapshot that a change made of the one that `previous` is of.
  /// - Parameter endpoint: the endpoint of the new snapshot in a slot.
  init(
    after previous: AddressIndex, dropping dropped: [Endpoint], introducing introduced: [Endpoint],
    endpoint: (Int) -> Endpoint?
  ) {
    var byAddress = previous.slotByAddress
    var byHost = previous.slotsByHost
    for old in dropped {
      byHost[old.address.host]?.removeAll { $0 == old.slot }
      if byHost[old.address.host]?.isEmpty == true { byHost[old.address.host] = nil }
      if byAddress[old.addressText] == old.slot { byAddress[old.addressText] = nil }
    }
    for new in introduced {
      byAddress[new.addressText] = new.slot
      byHost[new.address.host, default: []].append(new.slot)
    }
    // Another endpoint may have had the address of one that went.
    for old in dropped where byAddress[old.addressText] == nil {
      let others = byHost[old.address.host] ?? []
      if let heir = others.last(where: { endpoint($0)?.addressText == old.addressText }) {
        byAddress[old.addressText] = heir
      }
    }
    slotByAddress = byAddress
    slotsByHost = byHost
  }

  /// Slot of an endpoint with this wire address.
  func slot(ofAddress text: String) -> Int? { slotByAddress[text] }

  /// Slots of all endpoints on this IP address, in no order.
  func slots(ofHost host: String) -> [Int] { slotsByHost[host] ?? [] }
}
