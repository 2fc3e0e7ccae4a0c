import Discovery
import Endpoints
import Logging
import ServiceLifecycle

/// Puts endpoints given by flag or file into the pool.
struct EndpointSource: Service {
  /// Endpoints given by flag.
  let given: [EndpointDescriptor]?
  /// The file to read; nil without.
  let file: FileDiscovery?
  let applier: EndpointApplier
  let logger: Logger

  /// Fills the table for the first time.
  /// - Throws: ``ProcessError`` when the file cannot be read.
  func load() throws {
    if let given { applier.replaceAll(with: given) }
    if let file {
      do {
        apply(try EndpointFile.load(path: file.path))
      } catch {
        throw ProcessError("endpoint file: \(error)")
      }
    }
  }

  func run() async throws {
    guard let file, file.watchesFile else {
      try? await gracefulShutdown()
      return
    }
    for await update in EndpointFileUpdates(path: file.path).cancelOnGracefulShutdown() {
      switch update {
      case .endpoints(let contents): apply(contents)
      case .rejected(let error): logger.error("endpoint file refused, the previous endpoints stay: \(error)")
      }
    }
  }

  private func apply(_ file: EndpointFile) {
    for problem in file.problems { logger.error("endpoint file: \(problem)") }
    applier.replaceAll(with: (given ?? []) + file.endpoints.map(EndpointDescriptor.init))
  }
}
