import Logging
import ServiceLifecycle

/// Follows the certificates that sources of the data layer use towards model servers.
struct ModelServerCertificates: Service {
  let sources: [ModelServerTLS]
  let reloads: ReloadRecord
  let logger: Logger

  init(_ sources: [ModelServerTLS], reloads: ReloadRecord, logger: Logger) {
    self.sources = sources
    self.reloads = reloads
    self.logger = logger
    reloads.began(.scrapeCertificate)
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      try await FollowedFiles(paths: sources.flatMap(\.files.paths)).follow(reload)
    }
  }

  /// Reads the files again.
  /// - Returns: whether all could be used.
  @discardableResult
  func reload() -> Bool {
    var isGood = true
    for source in sources {
      do throws(ModelServerTLS.Problems) {
        try source.reload()
      } catch {
        isGood = false
        logger.error("the certificates towards model servers stay as they were: \(error)")
      }
    }
    if isGood { logger.notice("certificates towards model servers reloaded") }
    reloads.note(.scrapeCertificate, succeeded: isGood)
    return isGood
  }
}
