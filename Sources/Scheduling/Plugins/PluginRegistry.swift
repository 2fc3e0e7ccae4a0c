/// The plugin types that configurations can name.
///
/// Built-in types are there from the start; add your own before the configuration is loaded:
///
///     var registry = PluginRegistry.builtIn
///     registry.register(PluginRegistration(type: "my-scorer") { _ in MyScorer() })
public struct PluginRegistry: Sendable {
  private var registrations: [String: PluginRegistration] = [:]
  private var types: [String: String] = [:]

  /// Creates a registry without types.
  public init() {}

  /// Adds a type, replacing one of the same name.
  public mutating func register(_ registration: PluginRegistration) {
    registrations[registration.type] = registration
    types[registration.type] = registration.type
    for alias in registration.aliases { types[alias] = registration.type }
  }

  /// The type with this name or alias.
  public func registration(for type: String) -> PluginRegistration? { types[type].flatMap { registrations[$0] } }

  /// Names of all types and aliases, sorted.
  public var knownTypes: [String] { types.keys.sorted() }

  /// All types, sorted by name.
  public var all: [PluginRegistration] { registrations.values.sorted { $0.type < $1.type } }

  /// The types that come with the library for scheduling.
  public static var builtIn: PluginRegistry {
    var registry = PluginRegistry()
    for registration in BuiltInPlugins.all { registry.register(registration) }
    return registry
  }
}
