import NIOSSL

/// What a server's TLS allows.
public struct ServerTLSOptions: Sendable, Hashable {
  /// A version of TLS, by the name that Kubernetes' flags have for it.
  public enum Version: String, Sendable, CaseIterable {
    /// TLS 1.2.
    case tls12 = "VersionTLS12"
    /// TLS 1.3.
    case tls13 = "VersionTLS13"

    var version: TLSVersion { self == .tls13 ? .tlsv13 : .tlsv12 }
  }

  /// The oldest version accepted.
  public var minimumVersion = Version.tls12
  /// Cipher suites of TLS 1.2 by their names in RFCs; empty for those that the library finds good. TLS 1.3 has its own.
  public private(set) var cipherSuites: [String] = []
  /// File with the certificates, in PEM, of which clients must have one or one signed by it; empty for any client.
  public var clientCAFile = ""

  /// TLS 1.2 and later with the library's cipher suites.
  public init() {}

  /// Cipher suites that can be chosen.
  public static let knownCipherSuites = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
  ]

  /// Chooses cipher suites. Those of TLS 1.3, which cannot be chosen, are passed over.
  /// - Returns: the first name that is not known; nil when all are.
  public mutating func setCipherSuites(_ names: [String]) -> String? {
    let always = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
    if let unknown = names.first(where: { !Self.knownCipherSuites.contains($0) && !always.contains($0) }) {
      return unknown
    }
    cipherSuites = names.filter { !always.contains($0) }
    return nil
  }
}
