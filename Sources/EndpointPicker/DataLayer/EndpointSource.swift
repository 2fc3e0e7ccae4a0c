import Discovery
import Endpoints
import Logging
import PickerConfiguration
import ServiceLifecycle

/// Puts endpoints given by flag or file into the pool.
struct EndpointSource: Service {
  /// Endpoints given by flag.
  let given: [EndpointDescriptor]?
  /// The file to read; nil without.
  let file: FileDiscovery?
  let applier: EndpointApplier
  let reloads: ReloadRecord
  let logger: Logger

  /// Fills the table for the first time.
  /// - Throws: ``ProcessError`` when the file cannot be read.
  func load() throws {
    if let given { applier.replaceAll(with: given) }
    if let file {
      do {
        apply(try EndpointFile.load(path: file.path))
        reloads.began(.endpoints)
      } catch {
        throw ProcessError("endpoint file: \(error)")
      }
    }
  }

  /// Reads the file again, whether it is followed or not.
  func reload() {
    guard let file else { return }
    do throws(ConfigurationError) {
      let contents = try EndpointFile.load(path: file.path)
      apply(contents)
      reloads.note(.endpoints, succeeded: true)
    } catch {
      refuse(error)
    }
  }

  func run() async throws {
    guard let file, file.watchesFile else {
      try? await gracefulShutdown()
      return
    }
    // The first look of the watcher finds what the start has read.
    var isFirst = true
    for await update in EndpointFileUpdates(path: file.path).cancelOnGracefulShutdown() {
      switch update {
      case .endpoints(let contents):
        apply(contents)
        if !isFirst { reloads.note(.endpoints, succeeded: true) }
      case .rejected(let error): refuse(error)
      }
      isFirst = false
    }
  }

  private func refuse(_ error: ConfigurationError) {
    reloads.note(.endpoints, succeeded: false)
    logger.error("endpoint file refused, the previous endpoints stay: \(error)")
  }

  private func apply(_ file: EndpointFile) {
    for problem in file.problems { logger.error("endpoint file: \(problem)") }
    applier.replaceAll(with: (given ?? []) + file.endpoints.map(EndpointDescriptor.init))
  }
}
