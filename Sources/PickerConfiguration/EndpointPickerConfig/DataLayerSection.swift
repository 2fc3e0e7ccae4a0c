/// `dataLayer`: where the pool's state comes from.
public struct DataLayerSection: Sendable, Hashable {
  /// A source of data and the extractors that read its output.
  public struct Source: Sendable, Hashable {
    /// The plugin that fetches or receives the data.
    public let plugin: PluginReference
    /// The plugins that read what the source yields, in document order.
    public let extractors: [PluginReference]

    package init(plugin: PluginReference, extractors: [PluginReference]) {
      self.plugin = plugin
      self.extractors = extractors
    }
  }

  /// In document order.
  public var sources: [Source]
  /// Whether the default metrics source and extractor are added to ``sources``; `nil` when the document doesn't say,
  /// which means yes for llm-d documents. Documents of the older family replace the default as soon as the section
  /// exists.
  public var injectDefaults: Bool?
  /// Where endpoints come from, instead of an InferencePool.
  public var discovery: PluginReference?
  /// Where other replicas of the picker come from.
  public var peerDiscovery: PluginReference?
  /// What shares state with other replicas.
  public var crossReplicaSyncer: PluginReference?
  /// How often state is shared; `nil` for the syncer's own default.
  public var crossReplicaSyncInterval: GoDuration?
  /// Where the section stands.
  public var location: SourceLocation
}

extension DataLayerSection {
  /// A section of which nothing but the sources is written.
  package init(sources: [Source] = [], location: SourceLocation) {
    self.init(
      sources: sources, injectDefaults: nil, discovery: nil, peerDiscovery: nil, crossReplicaSyncer: nil,
      crossReplicaSyncInterval: nil, location: location)
  }
}
