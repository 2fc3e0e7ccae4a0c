import Endpoints
import PickerConfiguration
import Scheduling

extension PluginRegistry {
  /// The scheduling plugins, with stand-ins for those of the data layer that the built-in default names.
  static var withDataLayer: PluginRegistry {
    var registry = PluginRegistry.builtIn
    registry.register(PluginRegistration(type: "metrics-data-source") { _ in InertPlugin() })
    registry.register(PluginRegistration(type: "core-metrics-extractor") { _ in InertPlugin() })
    return registry
  }
}

/// Loads a document with `body` after its first two lines.
func load(
  _ body: String, lineage: Lineage = .llmD, registry: PluginRegistry = .withDataLayer,
  endpoints: EndpointTable = EndpointTable(), services: PluginServices = PluginServices(), isStrict: Bool = false
) throws(ConfigurationError) -> LoadedPlugins {
  let text = "apiVersion: \(lineage.apiVersion)\nkind: EndpointPickerConfig\n\(body)"
  return try PluginLoader.load(
    try EndpointPickerConfig.load(.text(text)), registry: registry, endpoints: endpoints, services: services,
    isStrict: isStrict)
}

/// Loads the built-in default, for the pool that it is to schedule on: columns belong to the table they were made in.
func loadDefault(
  _ lineage: Lineage = .llmD, services: PluginServices = PluginServices(), on pool: TestPool? = nil
) throws -> LoadedPlugins {
  try PluginLoader.load(
    try EndpointPickerConfig.load(.builtIn(lineage)), registry: .withDataLayer,
    endpoints: pool?.table ?? EndpointTable(), services: services)
}

/// The lines of the error that loading `body` throws; empty when it throws none.
func problems(
  _ body: String, lineage: Lineage = .llmD, registry: PluginRegistry = .withDataLayer, isStrict: Bool = false
) -> [String] {
  do {
    _ = try load(body, lineage: lineage, registry: registry, isStrict: isStrict)
    return []
  } catch {
    return error.problems.map(\.description)
  }
}
