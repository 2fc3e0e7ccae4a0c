import Discovery
import Logging
import PickerConfiguration
import RequestPolicies
import ServiceLifecycle

/// Puts the objectives and rewrites of a file in force, and follows the file.
struct PolicySource: Service {
  let path: String
  /// Objects that refer to another pool are left out; nil for objects of all pools.
  let pool: String?
  let store: RequestPolicyStore
  let reloads: ReloadRecord
  let logger: Logger

  /// Reads the file for the first time.
  /// - Throws: ``ProcessError`` when it cannot be used.
  func load() throws {
    do {
      let file = try PolicyFile.load(path: path, pool: pool)
      for warning in file.warnings { logger.warning("policy file: \(warning)") }
      put(file)
      reloads.began(.policies)
    } catch {
      throw ProcessError("--policy-file: \(error)")
    }
  }

  func run() async throws {
    for await update in PolicyFileUpdates(path: path, pool: pool).cancelOnGracefulShutdown() {
      switch update {
      case .policies(let file):
        use(file)
      case .rejected(let error): refuse(error)
      }
    }
  }

  /// Reads the file again.
  func reload() {
    do throws(ConfigurationError) {
      use(try PolicyFile.load(path: path, pool: pool))
    } catch {
      refuse(error)
    }
  }

  private func use(_ file: PolicyFile) {
    // The first look of the watcher finds what the start has read.
    guard file.policies != store.current else { return }
    for warning in file.warnings { logger.warning("policy file: \(warning)") }
    put(file)
    reloads.note(.policies, succeeded: true)
  }

  private func refuse(_ error: ConfigurationError) {
    reloads.note(.policies, succeeded: false)
    logger.error("policy file refused, the previous policies stay: \(error)")
  }

  private func put(_ file: PolicyFile) {
    store.replace(with: file.policies)
    logger.info(
      "policies changed",
      metadata: ["objectives": "\(file.objectives.count)", "rewrites": "\(file.rewrites.count)"])
  }
}
