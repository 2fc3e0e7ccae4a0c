import Discovery
import Endpoints

/// The value of `--endpoints`.
public enum EndpointsFlag {
  /// Reads `ip:port,ip:port`, IPv6 addresses in brackets.
  /// - Throws: ``ProcessError`` naming the part that cannot be read.
  public static func parse(_ text: String) throws -> [EndpointDescriptor] {
    do {
      return try EndpointListFlag.parse(text).map(EndpointDescriptor.init)
    } catch {
      throw ProcessError("--endpoints: \(error)")
    }
  }
}

extension EndpointDescriptor {
  init(_ discovered: DiscoveredEndpoint) {
    self.init(
      id: EndpointID(namespace: discovered.namespace, name: discovered.name),
      address: EndpointAddress(host: discovered.address, port: discovered.port), labels: discovered.labels)
  }
}
