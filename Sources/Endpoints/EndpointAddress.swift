/// Where requests for an endpoint are sent: an IP address and a port.
public struct EndpointAddress: Hashable, Sendable, CustomStringConvertible {
  /// The IP address without brackets.
  public let host: String
  /// The port, 1–65535.
  public let port: UInt16

  /// Creates an address; `host` is an IP address without brackets.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Whether the host is an IPv6 address.
  public var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

  /// The form used on the wire, `ip:port` with IPv6 addresses in brackets (Endpoint Picker protocol, value grammar of
  /// `x-gateway-destination-endpoint`).
  public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
