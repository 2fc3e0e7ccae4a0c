/// A model server as a discovery source knows it; the endpoint table gives it a slot.
public struct DiscoveredEndpoint: Sendable, Hashable {
  /// Unique within its namespace.
  public var name: String
  /// The namespace; `default` where a source knows none.
  public var namespace: String
  /// An IPv4 or IPv6 address in canonical form, without brackets.
  public var address: String
  /// 1…65535.
  public var port: UInt16
  /// What filters select by.
  public var labels: [String: String]

  /// The namespace of endpoints that name none.
  public static let defaultNamespace = "default"

  /// An endpoint; nothing is checked.
  public init(
    name: String, namespace: String = DiscoveredEndpoint.defaultNamespace, address: String, port: UInt16,
    labels: [String: String] = [:]
  ) {
    self.name = name
    self.namespace = namespace
    self.address = address
    self.port = port
    self.labels = labels
  }

  /// `address:port`, with brackets around an IPv6 address.
  public var authority: String {
    address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}
