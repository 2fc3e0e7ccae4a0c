/// The configuration document of an endpoint picker, decoded and checked as far as that is possible without knowing
/// the plugin types.
///
/// Follows the EndpointPickerConfig API in both of its versions: `inference.networking.x-k8s.io/v1alpha1` and
/// `llm-d.ai/v1alpha1`. The fields of the newer one are understood in documents of either.
public struct EndpointPickerConfig: Sendable, Hashable {
  /// The `kind` of every document.
  public static let kind = "EndpointPickerConfig"

  /// What errors call the document: its file name, `--config-text`, or `built-in default`.
  public var source: String
  /// Which family's rules hold.
  public var lineage: Lineage
  /// The features switched on or off.
  public var featureGates = FeatureGates()
  /// The plugin instances, in document order; no name occurs twice.
  public var plugins: [PluginSpecification] = []
  /// The scheduling profiles, in document order; no name occurs twice.
  public var schedulingProfiles: [ProfileSpecification] = []
  /// The data layer; `nil` when the document has no such section, which differs from an empty one.
  public var dataLayer: DataLayerSection?
  /// Flow control; `nil` when the document has no such section.
  public var flowControl: FlowControlSection?
  /// What tells whether the pool is saturated, from `flowControl.saturationDetector` or the older top-level field;
  /// `nil` for the default.
  public var saturationDetector: PluginReference?
  /// The request parsers in the order in which they are tried, from `requestHandler.parsers` or the older top-level
  /// `parser`; empty for the default.
  public var parsers: [PluginReference] = []
  /// What the user should change although the document can be used.
  public var warnings: [ConfigurationProblem] = []

  package init(source: String, lineage: Lineage) {
    self.source = source
    self.lineage = lineage
  }

  /// The plugin instance of a name.
  public func plugin(named name: String) -> PluginSpecification? {
    plugins.first { $0.name == name }
  }
}
