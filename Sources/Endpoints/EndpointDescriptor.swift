/// What a discovery source says about one endpoint.
public struct EndpointDescriptor: Hashable, Sendable {
  /// The endpoint's identity.
  public let id: EndpointID
  /// Where requests go.
  public let address: EndpointAddress
  /// Labels of the pod, or those written in the endpoint file.
  public let labels: [String: String]
  /// Name of the pod behind the endpoint; several endpoints (ranks) may share one.
  public let podName: String

  /// Creates a descriptor; `podName` is the identity's name unless given.
  public init(id: EndpointID, address: EndpointAddress, labels: [String: String] = [:], podName: String? = nil) {
    self.id = id
    self.address = address
    self.labels = labels
    self.podName = podName ?? id.name
  }
}
