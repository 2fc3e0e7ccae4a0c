import FlowControl
import InferenceAPI
import PickerConfiguration

/// Everything that a configuration made: plugin instances and the scheduler built of them.
public struct LoadedPlugins: Sendable {
  /// All instances: those of the configuration in its order, then those added as defaults.
  public let instances: [PluginInstance]
  /// The scheduler.
  public let scheduler: Scheduler
  /// Tells how loaded the pool is.
  public let saturationDetector: any SaturationDetector
  /// How requests wait for their turn; nil while the feature is off.
  public let flowControl: FlowControlSettings?
  /// The request parsers, in configuration order.
  public let parsers: [any RequestParser]
  /// Plugins that add headers to responses, in the order they are asked.
  public let responseHeadersPlugins: [any ResponseHeadersPlugin]
  /// Whether any plugin needs to know the prompts of requests. Bodies are read no further than their model otherwise.
  public let readsPrompts: Bool
  /// The configuration in force: as written, completed by everything that was added and by the members of all profiles.
  public let configuration: EndpointPickerConfig
  /// The parameters of each instance with the values in force, by the instance's name.
  public let parameters: [String: [EffectiveParameter]]
  /// Names of the instances that were taken over from the configuration before, with all they know.
  public let inherited: Set<String>
  /// Where the plugins' attributes have their places.
  let attributes: AttributeSpace
  /// What the operator should change although it works.
  public let warnings: [ConfigurationProblem]

  /// The instance with this name.
  public func instance(named name: String) -> PluginInstance? { instances.first { $0.name == name } }

  /// The configuration in force as a document that loads as the same configuration again.
  public var effectiveDocument: YAMLValue { configuration.effectiveDocument(parameters: parameters) }

  /// The plugins that take a role, with their instances.
  public func plugins<Role>(_ role: Role.Type) -> [(instance: PluginInstance, plugin: Role)] {
    instances.compactMap { instance in (instance.plugin as? Role).map { (instance, $0) } }
  }
}
