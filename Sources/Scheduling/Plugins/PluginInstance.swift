/// A plugin with the name and type it goes by in configurations, logs and metrics.
public struct PluginInstance: Sendable {
  /// The instance's name; the type's name unless the configuration gives another.
  public let name: String
  /// The type it was made from.
  public let type: String
  /// The plugin.
  public let plugin: any Plugin
}
