/// An endpoint that has a slot in an ``EndpointTable``. Immutable: a change of address or labels makes a new object in
/// the same slot.
public final class Endpoint: Sendable {
  /// The endpoint's identity.
  public let id: EndpointID
  /// Where requests go.
  public let address: EndpointAddress
  /// The address in wire form, `ip:port`.
  public let addressText: String
  /// Labels of the pod, or those written in the endpoint file.
  public let labels: [String: String]
  /// Name of the pod behind the endpoint.
  public let podName: String
  /// Index of the endpoint in the table's columns; stable while the endpoint exists.
  public let slot: Int
  /// Distinguishes this object from an earlier one in the same slot, whether the same endpoint or another.
  public let generation: UInt64

  init(_ descriptor: EndpointDescriptor, slot: Int, generation: UInt64) {
    self.id = descriptor.id
    self.address = descriptor.address
    self.addressText = descriptor.address.description
    self.labels = descriptor.labels
    self.podName = descriptor.podName
    self.slot = slot
    self.generation = generation
  }

  var descriptor: EndpointDescriptor {
    EndpointDescriptor(id: id, address: address, labels: labels, podName: podName)
  }
}
