import FoundationEssentials
import NIOSSL

/// Reads files that cannot be large: tokens, certificates, kubeconfigs.
enum SmallFile {
  static let maximumBytes = 4 << 20

  /// The contents; nil when the file cannot be read or is too large.
  static func read(_ path: String) -> [UInt8]? {
    guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= maximumBytes else { return nil }
    return Array(data)
  }

  /// The contents as text without white space around it.
  static func text(_ bytes: [UInt8]) -> String {
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    return String(decoding: bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
  }
}

/// Reads certificates and keys.
enum PEM {
  static func certificates(_ bytes: [UInt8], source: String) throws(KubeConfigurationError) -> [NIOSSLCertificate] {
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
      guard !certificates.isEmpty else { throw KubeConfigurationError("\(source): holds no certificate") }
      return certificates
    } catch let error as KubeConfigurationError {
      throw error
    } catch {
      throw KubeConfigurationError("\(source): not a PEM certificate")
    }
  }

  static func privateKey(_ bytes: [UInt8], source: String) throws(KubeConfigurationError) -> NIOSSLPrivateKey {
    do {
      return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
    } catch {
      throw KubeConfigurationError("\(source): not a PEM private key")
    }
  }
}
