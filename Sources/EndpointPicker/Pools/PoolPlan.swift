import Logging
import PickerConfiguration
import Scheduling

/// Which pools the process serves, with their configurations loaded. Made before anything runs.
struct PoolPlan {
  /// The pools known from the start.
  let runtimes: [PoolRuntime]
  /// Which pools are served besides, once they are found.
  let selection: PoolOptions.Selection?
  /// Where pools are followed; nil when all endpoints come from elsewhere.
  let kubernetes: KubernetesOptions?
  /// Whether event loops must be able to ask other processes.
  let makesInquiries: Bool
  /// Whether requests of a pool may wait in queues.
  let usesFlowControl: Bool
  /// Which family of names the configuration belongs to.
  let lineage: Lineage
  private let options: ProcessOptions
  private let registry: PluginRegistry
  private let reloads: ReloadRecord
  private let logger: Logger

  /// Loads the configurations, also those that only pools found later will use.
  /// - Parameter reloads: learns of files that are read again, those of pools where there is only one.
  /// - Throws: `ConfigurationError` with every problem of a configuration, or ``ProcessError``.
  init(_ options: ProcessOptions, registry: PluginRegistry, reloads: ReloadRecord, logger: Logger) throws {
    self.options = options
    self.registry = registry
    self.reloads = reloads
    self.logger = logger
    let pools = options.pools
    selection = pools.selection
    guard selection != nil else {
      let names = pools.isSeveral ? pools.names : [options.poolName]
      runtimes = try names.map { try Self.load($0, options, registry, reloads, logger) }
      kubernetes = runtimes.lazy.compactMap(\.kubernetes).first
      makesInquiries = runtimes.contains(where: \.makesInquiries)
      usesFlowControl = runtimes.contains { $0.current.value.flow != nil }
      lineage = runtimes.first?.config.lineage ?? .llmD
      return
    }
    guard let kubernetes = options.kubernetes else {
      throw ProcessError("--pool-selector needs Kubernetes, and does not go with --endpoints")
    }
    runtimes = []
    self.kubernetes = kubernetes
    // Mistakes are told now rather than when a pool appears.
    let plain = try PoolRuntime(options, registry: registry, reloads: ReloadRecord(), logger: logger)
    let named = try pools.configurations.keys.sorted().map { try Self.load($0, options, registry, reloads, logger) }
    let all = [plain] + named
    makesInquiries = all.contains(where: \.makesInquiries)
    usesFlowControl = all.contains { $0.current.value.flow != nil }
    lineage = plain.config.lineage
  }

  /// Whether there may be more than one pool.
  var isSeveral: Bool { options.pools.isSeveral }

  /// Loads the configuration of a pool that was found.
  func load(_ name: String) throws -> PoolRuntime { try Self.load(name, options, registry, reloads, logger) }

  private static func load(
    _ name: String, _ options: ProcessOptions, _ registry: PluginRegistry, _ reloads: ReloadRecord, _ logger: Logger
  ) throws -> PoolRuntime {
    guard options.pools.isSeveral else {
      return try PoolRuntime(options, registry: registry, reloads: reloads, logger: logger)
    }
    var logger = logger
    logger[metadataKey: "pool"] = "\(name)"
    return try PoolRuntime(options.forPool(name), registry: registry, reloads: ReloadRecord(), logger: logger)
  }
}
