/// A fixed list of endpoints from the command line: `10.0.0.1:8000,[fd00::1]:8000`.
public enum EndpointListFlag {
  /// Why a list can't be used.
  public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, naming the element.
    public let description: String
  }

  /// Reads a list of `address:port` elements, separated by commas; IPv6 addresses stand in brackets.
  ///
  /// The endpoints' names follow from address and port, so that they are the same after a restart:
  /// `endpoint-10-0-0-1-8000`.
  ///
  /// - Throws: ``Failure`` for an empty list, a bad element or one that occurs twice.
  public static func parse(_ text: String) throws(Failure) -> [DiscoveredEndpoint] {
    var endpoints: [DiscoveredEndpoint] = []
    var names: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let element = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      let endpoint = try endpoint(element)
      guard names.insert(endpoint.name).inserted else { throw Failure(description: "\"\(element)\" is listed twice") }
      endpoints.append(endpoint)
    }
    return endpoints
  }

  private static func endpoint(_ element: String) throws(Failure) -> DiscoveredEndpoint {
    guard let (host, port) = split(element) else {
      throw Failure(description: "expected ADDRESS:PORT or [IPV6]:PORT, found \"\(element)\"")
    }
    guard let address = IPAddress.canonical(host) else {
      throw Failure(description: "\"\(host)\" in \"\(element)\" is not an IP address")
    }
    guard let port = PortNumber.parse(port) else {
      throw Failure(description: "\"\(port)\" in \"\(element)\" is not a port from 1 to 65535")
    }
    let name = "endpoint-\(address)-\(port)".map { $0 == "." || $0 == ":" ? "-" : $0 }
    return DiscoveredEndpoint(name: String(name), address: address, port: port)
  }

  private static func split(_ element: String) -> (host: String, port: String)? {
    guard let colon = element.lastIndex(of: ":") else { return nil }
    let port = String(element[colon...].dropFirst())
    var host = element[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { return nil }
    } else if host.contains(":") {
      // Without brackets an IPv6 address and a port can't be told apart.
      return nil
    }
    return (String(host), port)
  }
}

/// Checks port numbers.
enum PortNumber {
  /// Decimal digits for 1…65535.
  static func parse(_ text: String) -> UInt16? {
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
    return UInt16(text).flatMap { $0 == 0 ? nil : $0 }
  }
}
