import Endpoints
import FlowControl
import PickerConfiguration

/// A table of plugin types for people: names, roles, what they read, parameters with their defaults.
public struct PluginTable {
  /// A type.
  public struct Row: Sendable {
    /// The name in configurations.
    public let type: String
    /// Older names.
    public let aliases: [String]
    /// What plugins of the type do, such as `filter`.
    public let roles: [String]
    /// Types whose data plugins of this type read; default producers.
    public let reads: [String]
    /// Parameters that were asked for, with their defaults as YAML; `required` for those that have none and `-` for
    /// those that may be left out.
    public let parameters: [(name: String, defaultValue: String)]
    /// What to use instead, when the type is deprecated.
    public let replacement: String?
    /// How settled the type is.
    public let stability: PluginStability
  }

  /// All types, sorted by name.
  public let rows: [Row]

  /// Collects the types of a registry, by making a plugin of each without parameters.
  public init(_ registry: PluginRegistry) {
    let endpoints = EndpointTable()
    rows = registry.all.map { Self.row($0, endpoints) }
  }

  private static func row(_ registration: PluginRegistration, _ endpoints: EndpointTable) -> Row {
    let location = SourceLocation(source: registration.type, path: "parameters")
    let decoder = ParameterDecoder(nil, at: location, unknownFields: .warn)
    let context = PluginContext(
      name: registration.type, parameters: decoder, endpoints: endpoints, attributes: AttributeSpace())
    // Factories note what is wrong with parameters and make something all the same.
    let plugin = try? registration.make(context)
    let missing = requiredFields(decoder)
    return Row(
      type: registration.type, aliases: registration.aliases, roles: plugin.map(roles) ?? [],
      reads: (registration.requires + registration.uses).map(\.defaultProducer),
      parameters: decoder.effectiveParameters.map { parameter in
        let name = parameter.name
        let text = parameter.defaultValue.map { $0.yaml.split(separator: "\n").joined(separator: " ") }
        return (name, text ?? (missing.contains(name) ? "required" : "-"))
      },
      replacement: registration.replacement, stability: registration.stability)
  }

  /// The fields without which the plugin would not be made.
  private static func requiredFields(_ decoder: ParameterDecoder) -> Set<String> {
    do {
      try decoder.finish()
      return []
    } catch {
      return Set(error.problems.map { String($0.location.path.drop { $0 != "." }.dropFirst()) })
    }
  }

  private static func roles(_ plugin: any Plugin) -> [String] {
    var roles: [String] = []
    if plugin is any Filter { roles.append("filter") }
    if plugin is any Scorer { roles.append("scorer") }
    if plugin is any Picker { roles.append("picker") }
    if plugin is any ProfileHandler { roles.append("profile handler") }
    if plugin is any DisaggregationDecider { roles.append("decider") }
    if plugin is any Producer { roles.append("producer") }
    if plugin is any SaturationDetector { roles.append("saturation detector") }
    if plugin is any Admitter { roles.append("admission") }
    if plugin is any FairnessPolicy { roles.append("fairness policy") }
    if plugin is any OrderingPolicy { roles.append("ordering policy") }
    if plugin is any UsageLimitPolicy { roles.append("usage limit policy") }
    if plugin is any ResponseHeadersPlugin { roles.append("response headers") }
    if plugin is any RequestObserver { roles.append("request observer") }
    if plugin is any ResponseReporter { roles.append("response reporter") }
    if plugin is any PlacementObserver, !(plugin is any Producer) { roles.append("placement observer") }
    if plugin is RequestParserPlugin { roles.append("parser") }
    return roles
  }

  /// The table in Markdown.
  public var markdown: String {
    var text = "| Type | Roles | Reads | Parameters (default) |\n|---|---|---|---|\n"
    for row in rows {
      var type = "`\(row.type)`"
      if !row.aliases.isEmpty { type += " (" + row.aliases.map { "`\($0)`" }.joined(separator: ", ") + ")" }
      if let replacement = row.replacement { type += ", deprecated: use `\(replacement)`" }
      if row.stability == .alpha { type += ", experimental" }
      let parameters = row.parameters.map { parameter in
        let value =
          parameter.defaultValue == "required" || parameter.defaultValue == "-"
          ? parameter.defaultValue : "`\(parameter.defaultValue)`"
        return "`\(parameter.name)` (\(value))"
      }
      let cells = [
        type, row.roles.joined(separator: ", "), row.reads.map { "`\($0)`" }.joined(separator: ", "),
        parameters.joined(separator: ", "),
      ]
      text += "| " + cells.map { $0.isEmpty ? "-" : $0 }.joined(separator: " | ") + " |\n"
    }
    return text
  }
}
