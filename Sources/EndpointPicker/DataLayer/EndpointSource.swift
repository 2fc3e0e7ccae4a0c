import Discovery
import Endpoints
import Logging
import ModelServerMetrics
import PickerConfiguration
import Scheduling
import ServiceLifecycle

/// Puts endpoints into the pool's table and tells everyone who keeps something for an endpoint.
struct EndpointSource: Service {
  /// Endpoints given by flag.
  let given: [EndpointDescriptor]?
  /// The file to read; nil without.
  let file: FileDiscovery?
  let pool: CurrentPool
  let scrapers: ScraperPool?
  let logger: Logger

  /// Fills the table for the first time.
  /// - Throws: ``ProcessError`` when the file cannot be read.
  func load() throws {
    if let given { apply(given) }
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
    apply((given ?? []) + file.endpoints.map(EndpointDescriptor.init))
  }

  private func apply(_ descriptors: [EndpointDescriptor]) {
    let pool = pool.value
    let changes = pool.endpoints.replaceAll(with: descriptors)
    for endpoint in changes.removed {
      for instance in pool.plugins.instances {
        (instance.plugin as? any EndpointObserver)?.endpointRemoved(endpoint)
      }
    }
    scrapers?.update(endpoints: pool.endpoints.snapshot())
    guard !changes.isEmpty || !changes.refused.isEmpty else { return }
    logger.info(
      "endpoints changed",
      metadata: [
        "added": "\(changes.added.map(\.addressText))", "updated": "\(changes.updated.map(\.addressText))",
        "removed": "\(changes.removed.map(\.addressText))", "refused": "\(changes.refused)",
      ])
  }
}
