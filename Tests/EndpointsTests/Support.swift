import Endpoints

/// A small seeded generator, so that a failing sequence can be run again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Holds a lease, so that leases can be kept in collections.
final class LeaseBox {
  var lease: Lease?

  init(_ lease: consuming Lease) {
    self.lease = consume lease
  }

  func release() { lease = nil }
}

/// Keeps a hold, which assertions cannot take as it is.
final class HoldBox {
  private var hold: SlotHold?

  init(_ hold: consuming SlotHold?) {
    self.hold = hold
  }

  var slot: Int? { hold?.slot }

  func end() { hold = nil }
}

func descriptor(_ name: String, host: String = "10.0.0.1", labels: [String: String] = [:]) -> EndpointDescriptor {
  EndpointDescriptor(id: EndpointID(name: name), address: EndpointAddress(host: host, port: 8000), labels: labels)
}

extension EndpointTable {
  func slot(of name: String) -> Int? { snapshot().endpoints.first { $0.id.name == name }?.slot }
}
