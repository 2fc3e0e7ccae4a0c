import GRPC
import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The certificate of the ext_proc port, which may be replaced while connections are served; those keep the old one.
final class ServerCertificate: Service {
  private let directory: String
  private let options: ServerTLSOptions
  private let isReloaded: Bool
  private let reloads: ReloadRecord
  private let logger: Logger
  private let context: Mutex<NIOSSLContext>

  /// - Parameters:
  ///   - directory: where `tls.crt` and `tls.key` are; empty for a certificate made now.
  ///   - isReloaded: whether changes of the files take effect.
  /// - Throws: when a file cannot be used; the error names it.
  init(directory: String, options: ServerTLSOptions, isReloaded: Bool, reloads: ReloadRecord, logger: Logger) throws {
    self.directory = directory
    self.options = options
    self.isReloaded = isReloaded && !directory.isEmpty
    self.reloads = reloads
    self.logger = logger
    context = Mutex(
      try directory.isEmpty
        ? ServerTLS.selfSigned(options: options) : ServerTLS.context(directory: directory, options: options))
    if !directory.isEmpty { reloads.began(.certificate) }
  }

  /// The context for a new connection. Any thread.
  var current: NIOSSLContext { context.withLock { $0 } }

  func run() async throws {
    guard isReloaded else {
      try? await gracefulShutdown()
      return
    }
    try? await cancelWhenGracefulShutdown {
      try await CertificateFiles(directory: self.directory).follow(self.reload)
    }
  }

  /// Reads the files again, whether they are followed or not.
  /// - Returns: whether they could be used.
  @discardableResult
  func reload() -> Bool {
    guard !directory.isEmpty else { return true }
    do {
      let new = try ServerTLS.context(directory: directory, options: options)
      context.withLock { $0 = new }
      logger.notice("certificate reloaded", metadata: ["directory": "\(directory)"])
      reloads.note(.certificate, succeeded: true)
      return true
    } catch {
      reloads.note(.certificate, succeeded: false)
      logger.error("the certificate stays as it was: \(error)")
      return false
    }
  }
}
