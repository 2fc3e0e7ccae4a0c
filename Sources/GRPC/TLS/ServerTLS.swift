import NIOSSL

/// The TLS side of a server: which certificate it shows.
public enum ServerTLS {
  /// A context from `tls.crt` and `tls.key` in a directory, the layout of a Kubernetes TLS secret.
  /// - Throws: when a file is missing or not PEM, that of the options included; the error names the file.
  public static func context(
    directory: String, options: ServerTLSOptions = ServerTLSOptions()
  ) throws -> NIOSSLContext {
    let (chain, key) = try certificates(directory: directory)
    return try context(chain: chain, key: key, options)
  }

  /// The certificate chain and key from `tls.crt` and `tls.key` in a directory.
  /// - Throws: when a file is missing or not PEM; the error names the file.
  package static func certificates(
    directory: String
  ) throws -> (certificates: [NIOSSLCertificate], key: NIOSSLPrivateKey) {
    let certificatePath = "\(directory)/tls.crt"
    let keyPath = "\(directory)/tls.key"
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
    } catch {
      throw ServerTLSError(file: certificatePath, reason: "\(error)")
    }
    let key: NIOSSLPrivateKey
    do {
      key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
    } catch {
      throw ServerTLSError(file: keyPath, reason: "\(error)")
    }
    return (chain, key)
  }

  /// A context with a certificate made for this process.
  public static func selfSigned(options: ServerTLSOptions = ServerTLSOptions()) throws -> NIOSSLContext {
    let identity = try SelfSignedIdentity()
    return try context(
      chain: [NIOSSLCertificate(bytes: identity.certificate, format: .der)],
      key: NIOSSLPrivateKey(bytes: identity.privateKey, format: .der), options)
  }

  private static func context(
    chain: [NIOSSLCertificate], key: NIOSSLPrivateKey, _ options: ServerTLSOptions
  ) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.applicationProtocols = ["h2"]
    configuration.minimumTLSVersion = options.minimumVersion.version
    if !options.cipherSuites.isEmpty { configuration.cipherSuites = options.cipherSuites.joined(separator: ":") }
    if !options.clientCAFile.isEmpty {
      let authorities: [NIOSSLCertificate]
      do {
        authorities = try NIOSSLCertificate.fromPEMFile(options.clientCAFile)
      } catch {
        throw ServerTLSError(file: options.clientCAFile, reason: "\(error)")
      }
      // Nobody would be let in, which cannot be meant.
      guard !authorities.isEmpty else { throw ServerTLSError(file: options.clientCAFile, reason: "no certificate") }
      configuration.trustRoots = .certificates(authorities)
      // Clients go by no name that could be checked.
      configuration.certificateVerification = .noHostnameVerification
    }
    return try NIOSSLContext(configuration: configuration)
  }
}

/// A certificate or key that cannot be used.
public struct ServerTLSError: Error, CustomStringConvertible {
  /// The file.
  public let file: String
  /// What is wrong with it.
  public let reason: String

  /// File and reason.
  public var description: String { "cannot read \(file): \(reason)" }
}
