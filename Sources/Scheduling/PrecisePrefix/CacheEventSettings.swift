/// How a picker gets to hear what model servers tell of their caches (KV events over ZeroMQ).
public struct CacheEventSettings: Sendable, Hashable {
  /// An address to listen on.
  public struct Binding: Sendable, Hashable {
    /// An IP address without brackets.
    public let host: String
    /// The port, 1–65535.
    public let port: Int

    /// Reads `tcp://host:port`, the host an IP address, in brackets if it is IPv6, or `*` for all.
    public init?(_ text: String) {
      guard text.hasPrefix("tcp://"), let colon = text.lastIndex(of: ":"),
        let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
      else { return nil }
      var host = text[..<colon].dropFirst("tcp://".count)
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      guard !host.isEmpty, host == "*" || host.utf8.allSatisfy(Self.isPartOfAddress) else { return nil }
      self.host = host == "*" ? "0.0.0.0" : String(host)
      self.port = port
    }

    private static func isPartOfAddress(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "."), UInt8(ascii: ":"):
        true
      default: false
      }
    }
  }

  /// Where servers connect to; nil when nobody is listened to.
  public var binding: Binding?
  /// What the topics of interest begin with.
  public var topicFilter = "kv@"
  /// Whether every endpoint of the pool is connected to.
  public var followsEndpoints = true
  /// The port of an endpoint's events; that of another rank than the first is its number higher.
  public var socketPort = 5_557
  /// The port where an endpoint repeats its events, counted by rank likewise; nil when lost ones are not asked for.
  public var replayPort: Int?

  /// Connections to every endpoint, on the usual port.
  public init() {}
}
