import GRPC
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The certificate of the metrics port, which may be replaced while the port is served; connections keep the old one.
final class AdminCertificate: Service {
  /// What the port's listener takes, with the first certificate and a question for the current one at each handshake.
  let configuration: TLSConfiguration
  private let files: CertificateFiles
  private let current: Current
  private let reloads: ReloadRecord
  private let logger: Logger

  /// Shared with the listener's configuration, which outlives nothing and owns nothing else.
  private final class Current: Sendable {
    let pair = Mutex(NIOSSLContextConfigurationOverride.noChanges)
  }

  /// What the flags `--metrics-cert-dir` and `--metrics-client-ca-file` ask for; nil for plain text.
  /// - Throws: ``ProcessError`` naming the flag.
  convenience init?(directory: String, clientCAFile: String, reloads: ReloadRecord, logger: Logger) throws {
    guard !directory.isEmpty else {
      guard clientCAFile.isEmpty else {
        throw ProcessError(
          "--metrics-client-ca-file needs --metrics-cert-dir: without TLS there are no client certificates")
      }
      return nil
    }
    try self.init(
      files: CertificateFiles(directory: directory), clientCAFile: clientCAFile, reloads: reloads, logger: logger)
  }

  private init(files: CertificateFiles, clientCAFile: String, reloads: ReloadRecord, logger: Logger) throws {
    self.files = files
    self.reloads = reloads
    self.logger = logger
    let current = Current()
    self.current = current
    var configuration: TLSConfiguration
    do {
      configuration = try Self.configuration(files)
    } catch {
      throw ProcessError("--metrics-cert-dir: \(error)")
    }
    if !clientCAFile.isEmpty {
      do {
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(clientCAFile))
      } catch {
        throw ProcessError("--metrics-client-ca-file: cannot read \(clientCAFile): \(error)")
      }
      configuration.certificateVerification = .noHostnameVerification
    }
    configuration.sslContextCallback = { _, promise in promise.succeed(current.pair.withLock { $0 }) }
    self.configuration = configuration
    reloads.began(.metricsCertificate)
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      try await self.files.follow(self.reload)
    }
  }

  /// Reads the files again.
  /// - Returns: whether they could be used.
  @discardableResult
  func reload() -> Bool {
    do {
      let new = try Self.configuration(files)
      // Says whether certificate and key belong together.
      _ = try NIOSSLContext(configuration: new)
      current.pair.withLock { pair in
        pair.certificateChain = new.certificateChain
        pair.privateKey = new.privateKey
      }
      logger.notice("certificate reloaded", metadata: ["directory": "\(files.directory)"])
      reloads.note(.metricsCertificate, succeeded: true)
      return true
    } catch {
      reloads.note(.metricsCertificate, succeeded: false)
      logger.error("the certificate stays as it was: \(error)")
      return false
    }
  }

  private static func configuration(_ files: CertificateFiles) throws -> TLSConfiguration {
    let chain = try ServerTLS.certificates(directory: files.directory)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.certificates.map { .certificate($0) }, privateKey: .privateKey(chain.key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return configuration
  }
}
