extension EndpointPickerConfig {
  /// Where a configuration comes from.
  public enum Origin: Sendable, Hashable {
    /// A file of at most 1 MiB.
    case file(path: String)
    /// Text from the command line.
    case text(String)
    /// No configuration was given.
    case builtIn(Lineage)
    /// A configuration that has a name.
    case profile(RoutingProfile)
  }

  /// Reads, decodes and checks a configuration.
  ///
  /// - Parameters:
  ///   - origin: where the document comes from.
  ///   - implicitPlugins: names that may be referred to without being defined.
  /// - Throws: ``ConfigurationError`` with every problem found.
  public static func load(
    _ origin: Origin, implicitPlugins: ImplicitPlugins = .standard
  ) throws(ConfigurationError) -> EndpointPickerConfig {
    var config: EndpointPickerConfig
    switch origin {
    case .file(let path):
      config = try decode(try BoundedFile.text(at: path, limit: ConfigNode.maximumBytes), source: path)
    case .text(let text):
      config = try decode(text, source: "--config-text")
    case .builtIn(let lineage):
      config = try decode(defaultText(for: lineage), source: defaultSource)
    case .profile(let profile):
      config = try decode(profile.text, source: "--routing-profile \(profile.rawValue)")
    }
    try config.checkReferences(implicitPlugins: implicitPlugins)
    return config
  }
}
