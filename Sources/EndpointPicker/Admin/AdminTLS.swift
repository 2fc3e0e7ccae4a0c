import GRPC
import NIOSSL

/// The TLS side of the admin server.
enum AdminTLS {
  /// What the flags `--metrics-cert-dir` and `--metrics-client-ca-file` ask for; nil for plain text.
  /// - Throws: ``ProcessError`` naming the flag.
  static func configuration(certificateDirectory: String, clientCAFile: String) throws -> TLSConfiguration? {
    guard !certificateDirectory.isEmpty else {
      guard clientCAFile.isEmpty else {
        throw ProcessError(
          "--metrics-client-ca-file needs --metrics-cert-dir: without TLS there are no client certificates")
      }
      return nil
    }
    do {
      let chain = try ServerTLS.certificates(directory: certificateDirectory)
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.certificates.map { .certificate($0) }, privateKey: .privateKey(chain.key))
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["http/1.1"]
      guard !clientCAFile.isEmpty else { return configuration }
      let roots: [NIOSSLCertificate]
      do {
        roots = try NIOSSLCertificate.fromPEMFile(clientCAFile)
      } catch {
        throw ProcessError("--metrics-client-ca-file: cannot read \(clientCAFile): \(error)")
      }
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(roots)
      return configuration
    } catch let error as ServerTLSError {
      throw ProcessError("--metrics-cert-dir: \(error)")
    }
  }
}
