import Endpoints
import Logging
import PickerConfiguration
import Scheduling
import Synchronization

/// Puts the configuration file in force again while requests are served.
///
/// Streams end with the configuration they began with. Endpoints, leases and policies stay, and so does what plugins
/// know whose name, type and parameters are the same. A file that cannot be used changes nothing. Any thread.
final class ConfigurationReloader: Sendable {
  private let options: ProcessOptions
  private let registry: PluginRegistry
  private let services: PluginServices
  private let pool: CurrentPool
  private let record: ReloadRecord
  private let logger: Logger
  /// Held for as long as a reload takes, so that they follow each other.
  private let inForce: Mutex<PickerSetup>

  /// - Parameter setup: what the pool was made of.
  init(
    _ options: ProcessOptions, registry: PluginRegistry, services: PluginServices, setup: PickerSetup,
    pool: CurrentPool, record: ReloadRecord, logger: Logger
  ) {
    self.options = options
    self.registry = registry
    self.services = services
    self.pool = pool
    self.record = record
    self.logger = logger
    inForce = Mutex(setup)
    record.began(.configuration)
  }

  /// Reads the file and puts it in force.
  /// - Returns: false when the configuration before stays.
  @discardableResult
  func reload() -> Bool {
    inForce.withLock { old in
      do throws(ConfigurationError) {
        let new = try PickerSetup(options, registry: registry, services: services, replacing: old)
        record.note(.configuration, succeeded: true)
        guard new.plugins.effectiveDocument != old.plugins.effectiveDocument else {
          logger.info("configuration is the same")
          return true
        }
        use(new, inPlaceOf: old)
        old = new
        return true
      } catch {
        refuse(error)
        return false
      }
    }
  }

  /// The file cannot be used.
  func refuse(_ error: ConfigurationError) {
    record.note(.configuration, succeeded: false)
    logger.error("configuration refused, the one before stays in force: \(error)")
  }

  private func use(_ new: PickerSetup, inPlaceOf old: PickerSetup) {
    let before = pool.value
    pool.replace(
      by: PoolState(
        name: before.name, endpoints: before.endpoints, plugins: new.plugins, policies: before.policies,
        followsSubset: before.followsSubset, document: new.config.effectiveDocument(parameters: [:]).yaml,
        replacing: before))
    services.removePrefixIndexes(except: Set(new.plugins.instances.flatMap { [$0.name, $0.type] }))
    for warning in new.plugins.warnings { logger.warning("configuration: \(warning)") }
    let names = new.plugins.instances.map(\.name)
    logger.notice(
      "configuration reloaded",
      metadata: [
        "generation": "\(pool.generation)",
        "new": "\(names.filter { !new.plugins.inherited.contains($0) })",
        "removed": "\(old.plugins.instances.map(\.name).filter { !names.contains($0) })",
      ])
  }
}
