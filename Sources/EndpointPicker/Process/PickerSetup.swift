import Endpoints
import FoundationEssentials
import PickerConfiguration
import Scheduling

/// What a configuration comes to before anything runs: the plugins and the data layer.
struct PickerSetup: Sendable {
  let config: EndpointPickerConfig
  let table: EndpointTable
  let plugins: LoadedPlugins
  let plan: DataLayerPlan

  /// Loads the configuration that the options name.
  /// - Parameter old: what the setup takes the place of; its endpoints stay, and plugins that do not change.
  /// - Throws: `ConfigurationError` with every problem found.
  init(
    _ options: ProcessOptions, registry: PluginRegistry, services: PluginServices, replacing old: PickerSetup? = nil
  ) throws(ConfigurationError) {
    var config = try EndpointPickerConfig.load(options.configuration)
    if options.enablesFlowControl { config.featureGates.set(.flowControl, to: true) }
    var registry = registry
    if options.metricsDefaults != MetricsSourceDefaults(), registry.registration(for: MetricsDataSource.typeName) != nil
    {
      registry.register(.metricsDataSource(options.metricsDefaults))
    }
    if options.modelServerFlags != ModelServerFlags() {
      registry.register(.coreMetricsExtractor(vllm: try options.modelServerFlags.engine()))
    }
    let table = old?.table ?? EndpointTable()
    let plugins = try PluginLoader.load(
      config, registry: registry, endpoints: table, services: services, isStrict: options.strictConfiguration,
      allowsExperimental: options.allowsExperimentalPlugins, addsPassiveHealth: options.followsPassiveHealth,
      replacing: old?.plugins)
    self.config = config
    self.table = table
    self.plugins = plugins
    plan = try DataLayerPlan(plugins, interval: options.refreshMetricsInterval)
    if let old { try check(replacing: old) }
  }
}

/// What checking a configuration found.
public struct ConfigurationCheck: Sendable {
  /// The configuration in force, defaults filled in, as YAML that loads as the same configuration again.
  public let effectiveConfiguration: String
  /// What the operator should change although it works.
  public let warnings: [ConfigurationProblem]

  /// Checks the configuration that the options name, as a start would.
  /// - Throws: `ConfigurationError` with every problem found.
  public init(_ options: ProcessOptions, registry: PluginRegistry = .standard) throws(ConfigurationError) {
    let services = PluginServices(environment: ProcessInfo.processInfo.environment)
    let setup = try PickerSetup(options, registry: registry, services: services)
    effectiveConfiguration = setup.plugins.effectiveDocument.yaml
    warnings = setup.plugins.warnings
  }
}
