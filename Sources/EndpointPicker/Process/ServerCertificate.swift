import GRPC
import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The certificate of the ext_proc port and the certificates that its clients must have, both of which may be replaced
/// while connections are served; those keep the old ones.
final class ServerCertificate: Service {
  private let files: CertificateFiles
  private let options: ServerTLSOptions
  private let isReloaded: Bool
  private let reloads: ReloadRecord
  private let logger: Logger
  private let context: Mutex<NIOSSLContext>

  /// - Parameters:
  ///   - directory: where `tls.crt` and `tls.key` are; empty for a certificate made now.
  ///   - isReloaded: whether changes of the files take effect by themselves.
  /// - Throws: when a file cannot be used; the error names it.
  init(directory: String, options: ServerTLSOptions, isReloaded: Bool, reloads: ReloadRecord, logger: Logger) throws {
    files = CertificateFiles(directory: directory, clientCAFile: options.clientCAFile)
    self.options = options
    self.isReloaded = isReloaded && !files.isEmpty
    self.reloads = reloads
    self.logger = logger
    do {
      context = Mutex(try Self.context(files, options))
    } catch let error as ServerTLSError where !options.clientCAFile.isEmpty && error.file == options.clientCAFile {
      throw ProcessError("--client-ca-file: \(error)")
    }
    if !files.isEmpty { reloads.began(.certificate) }
  }

  private static func context(_ files: CertificateFiles, _ options: ServerTLSOptions) throws -> NIOSSLContext {
    try files.directory.isEmpty
      ? ServerTLS.selfSigned(options: options) : ServerTLS.context(directory: files.directory, options: options)
  }

  /// The context for a new connection. Any thread.
  var current: NIOSSLContext { context.withLock { $0 } }

  func run() async throws {
    guard isReloaded else {
      try? await gracefulShutdown()
      return
    }
    try? await cancelWhenGracefulShutdown {
      try await self.files.follow(self.reload)
    }
  }

  /// Reads the files again, whether they are followed or not.
  /// - Returns: whether they could be used.
  @discardableResult
  func reload() -> Bool {
    guard !files.isEmpty else { return true }
    do {
      let new = try Self.context(files, options)
      context.withLock { $0 = new }
      logger.notice("certificate reloaded", metadata: ["directory": "\(files.directory)"])
      reloads.note(.certificate, succeeded: true)
      return true
    } catch {
      reloads.note(.certificate, succeeded: false)
      logger.error("the certificate stays as it was: \(error)")
      return false
    }
  }
}
