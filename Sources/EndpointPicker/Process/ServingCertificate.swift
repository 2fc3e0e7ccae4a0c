import Discovery
import GRPC
import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The certificate that the ext_proc port shows, replaced while serving when its files change.
///
/// A connection keeps the certificate it began with. A certificate that cannot be used is refused with a log line, and
/// the one in force stays; so does one whose key has not been replaced yet.
final class ServingCertificate: Service {
  private static let interval = Duration.milliseconds(500)
  private static let maximumBytes = 1 << 20

  private let context: Mutex<NIOSSLContext>
  /// The directory to watch; nil for a certificate that stays.
  private let directory: String?
  private let logger: Logger

  /// Reads the certificate for the first time.
  /// - Parameters:
  ///   - directory: holds `tls.crt` and `tls.key`; empty for a certificate made for this process.
  ///   - isWatched: whether the files are followed.
  /// - Throws: when a file is missing or not PEM; the error names the file.
  init(directory: String, isWatched: Bool, logger: Logger) throws {
    context = Mutex(try directory.isEmpty ? ServerTLS.selfSigned() : ServerTLS.context(directory: directory))
    self.directory = isWatched && !directory.isEmpty ? directory : nil
    self.logger = logger
  }

  /// What new connections use. Any thread.
  var current: NIOSSLContext { context.withLock { $0 } }

  /// Follows the files until the process stops.
  func run() async throws {
    guard let directory else {
      try? await gracefulShutdown()
      return
    }
    try? await cancelWhenGracefulShutdown {
      var files = ["tls.crt", "tls.key"].map { FilePoller(path: "\(directory)/\($0)", limit: Self.maximumBytes) }
      for index in files.indices { _ = files[index].poll() }
      while !Task.isCancelled {
        try await Task.sleep(for: Self.interval)
        var hasChanged = false
        for index in files.indices {
          if case .contents = files[index].poll() { hasChanged = true }
        }
        if hasChanged { self.reload(directory) }
      }
    }
  }

  private func reload(_ directory: String) {
    do {
      let new = try ServerTLS.context(directory: directory)
      context.withLock { $0 = new }
      logger.info("certificate replaced", metadata: ["directory": "\(directory)"])
    } catch {
      logger.error("new certificate refused, the previous one stays: \(error)")
    }
  }
}
