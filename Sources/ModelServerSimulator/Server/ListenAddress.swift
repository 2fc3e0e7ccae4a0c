/// Where one simulated server listens.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// An IPv4 address.
  package let host: String
  /// A TCP port; 0 lets the system choose.
  package let port: Int

  package var description: String { "\(host):\(port)" }

  /// Addresses for `count` servers: consecutive hosts from `host` on the same port, or with `sameHost` consecutive ports
  /// on the same host (port 0 stays 0).
  ///
  /// - Throws: ``ConfigurationError`` naming the setting that doesn't allow that many.
  package static func expand(
    host: String, port: Int, count: Int, sameHost: Bool
  ) throws(ConfigurationError) -> [ListenAddress] {
    try EngineConfiguration.check(count, in: 1...4096, "instances")
    try EngineConfiguration.check(port, in: 0...65535, "port")
    let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard octets.count == 4, octets.allSatisfy({ $0 != nil }) else {
      throw ConfigurationError(field: "host", reason: "\"\(host)\" is not an IPv4 address")
    }
    if sameHost {
      guard port == 0 || port + count - 1 <= 65535 else {
        throw ConfigurationError(field: "port", reason: "\(count) consecutive ports from \(port) end beyond 65535")
      }
      return (0..<count).map { ListenAddress(host: host, port: port == 0 ? 0 : port + $0) }
    }
    let first = octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1 ?? 0) }
    guard UInt32.max - first >= UInt32(count - 1), count == 1 || first != 0 else {
      throw ConfigurationError(field: "host", reason: "\(count) consecutive addresses can't start at \(host)")
    }
    return (0..<UInt32(count)).map { index in
      let address = first + index
      let text = [24, 16, 8, 0].map { String((address >> UInt32($0)) & 0xff) }.joined(separator: ".")
      return ListenAddress(host: text, port: port)
    }
  }
}
