/// A plugin instance that the document asks for: an element of `plugins`.
public struct PluginSpecification: Sendable, Hashable {
  /// The instance's name, by which the rest of the document refers to it; the type when the document gives no name.
  public let name: String
  /// The registered type to instantiate.
  public let type: String
  /// The parameters as written, always a mapping; `nil` when there are none.
  public let parameters: ConfigNode?
  /// Where the element stands.
  public let location: SourceLocation

  package init(name: String, type: String, parameters: ConfigNode? = nil, location: SourceLocation) {
    self.name = name
    self.type = type
    self.parameters = parameters
    self.location = location
  }
}

/// A reference to a plugin instance, by name.
public struct PluginReference: Sendable, Hashable {
  /// The name of the instance, not its type.
  public let name: String
  /// Where the reference stands; its path ends in the referring field.
  public let location: SourceLocation

  package init(name: String, location: SourceLocation) {
    self.name = name
    self.location = location
  }
}

/// A scheduling profile: the filters, scorers and the picker that one scheduling decision runs through.
public struct ProfileSpecification: Sendable, Hashable {
  /// A plugin of the profile.
  public struct Member: Sendable, Hashable {
    /// Which plugin.
    public let plugin: PluginReference
    /// The weight of a scorer; `nil` when the document gives none, which means 1.
    public let weight: Double?

    package init(plugin: PluginReference, weight: Double?) {
      self.plugin = plugin
      self.weight = weight
    }
  }

  /// The profile's name; not empty.
  public let name: String
  /// In document order, which is the order in which filters run.
  public let plugins: [Member]
  /// Where the profile stands.
  public let location: SourceLocation

  package init(name: String, plugins: [Member], location: SourceLocation) {
    self.name = name
    self.plugins = plugins
    self.location = location
  }
}
