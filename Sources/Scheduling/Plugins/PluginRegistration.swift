import Endpoints
import PickerConfiguration

/// How a plugin type is made: its name, and a factory that turns parameters into a plugin.
public struct PluginRegistration: Sendable {
  /// The name in the `type` field of configurations.
  public let type: String
  /// Older names that are accepted for the type, with a warning.
  public let aliases: [String]
  /// Kinds of data that plugins of this type read; their default producers are created when missing.
  public let requires: [DataKind]
  /// Kinds of data that plugins of this type read when somebody produces them.
  public let uses: [DataKind]
  /// Kinds of data that plugins of this type produce.
  public let produces: [DataKind]
  /// Whether plugins of this type name other plugins in their parameters, so that those must be made first.
  public let refersToPlugins: Bool
  /// What to write instead of this type, when it is deprecated.
  public let replacement: String?
  /// How settled the type is.
  public let stability: PluginStability
  /// Makes a plugin. Problems with parameters are noted in the context's decoder and reported together.
  public let make: @Sendable (PluginContext) throws(ConfigurationError) -> any Plugin

  /// Describes a type.
  public init(
    type: String, aliases: [String] = [], requires: [DataKind] = [], uses: [DataKind] = [],
    produces: [DataKind] = [], refersToPlugins: Bool = false, replacement: String? = nil,
    stability: PluginStability = .beta,
    make: @escaping @Sendable (PluginContext) throws(ConfigurationError) -> any Plugin
  ) {
    self.type = type
    self.aliases = aliases
    self.requires = requires
    self.uses = uses
    self.produces = produces
    self.refersToPlugins = refersToPlugins
    self.replacement = replacement
    self.stability = stability
    self.make = make
  }
}
