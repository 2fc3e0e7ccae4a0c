/// How a cluster follows the pick.
public enum DestinationPolicy: Sendable, Hashable {
  /// Where a pick is read from.
  public enum Source: Sendable, Hashable {
    /// A request header.
    case header(String)
    /// Dynamic metadata.
    case metadata(namespace: String, key: String)
  }

  /// The pick is the address, whatever it is: one `ip:port`, no list, no health.
  case originalDestination([Source])
  /// The pick is looked up among the cluster's hosts, and the next of a list is used on a retry.
  case overrideHost([Source], reportsTo: Source?)
  /// The pick selects a subset of the cluster's hosts by their metadata: one endpoint, no list.
  case subset([Source], fallsBack: Bool)
  /// The cluster balances on its own.
  case ownBalancing(policy: String)

  init(_ config: EnvoyValue, discovery: Cluster.Discovery) {
    if discovery == .originalDestination {
      self = .originalDestination(Self.originalSources(config["original_dst_lb_config"]))
      return
    }
    let policies = config["load_balancing_policy"]["policies"].elements.map { $0["typed_extension_config"] }
    if let policy = policies.lazy.map({ $0["typed_config"] }).first(where: { $0.typeName == "OverrideHost" }) {
      self = .overrideHost(
        policy["override_host_sources"].elements.compactMap(Self.source),
        reportsTo: Self.metadata(policy["selected_host_key"]))
      return
    }
    if let subset = Self.subset(config["lb_subset_config"]) {
      self = subset
      return
    }
    self = .ownBalancing(policy: policies.first?["name"].text ?? config["lb_policy"].text ?? "ROUND_ROBIN")
  }

  /// Whether some source carries the destination under its name in the Endpoint Picker protocol.
  public var followsPicks: Bool { sources.contains { $0.isDestination } }

  /// Where picks are read from, in order.
  public var sources: [Source] {
    switch self {
    case .originalDestination(let sources), .overrideHost(let sources, _), .subset(let sources, _): sources
    case .ownBalancing: []
    }
  }

  private static func originalSources(_ config: EnvoyValue) -> [Source] {
    var sources: [Source] = []
    if config["use_http_header"].bool == true {
      sources.append(.header(config["http_header_name"].text ?? "x-envoy-original-dst-host"))
    }
    if let metadata = metadata(config["metadata_key"]) { sources.append(metadata) }
    return sources
  }

  /// Subsets by the destination are read from the metadata of the same name, which is always in the namespace of load
  /// balancing.
  private static func subset(_ config: EnvoyValue) -> DestinationPolicy? {
    let keys = config["subset_selectors"].elements.flatMap { $0["keys"].elements }.compactMap(\.text)
    guard keys.contains(PickerNames.destination) else { return nil }
    let fallback = config["fallback_policy"]
    let source = Source.metadata(namespace: PickerNames.metadata, key: PickerNames.destination)
    return .subset(
      [source], fallsBack: !fallback.isNull && fallback != .string("NO_FALLBACK") && fallback != .number(0))
  }

  private static func source(_ value: EnvoyValue) -> Source? {
    if let header = value["header"].text { return .header(header) }
    return metadata(value["metadata"])
  }

  private static func metadata(_ value: EnvoyValue) -> Source? {
    guard let namespace = value["key"].text else { return nil }
    return .metadata(
      namespace: namespace, key: value["path"].elements.compactMap { $0["key"].text }.joined(separator: "."))
  }
}

extension DestinationPolicy.Source {
  /// Whether it is where a picker puts its pick.
  var isDestination: Bool {
    switch self {
    case .header(let name): name.lowercased() == PickerNames.destination
    case .metadata(let namespace, let key): namespace == PickerNames.metadata && key == PickerNames.destination
    }
  }

  /// Whether it is a request header.
  var isHeader: Bool {
    if case .header = self { return true }
    return false
  }

  /// How people write it.
  var words: String {
    switch self {
    case .header(let name): "the header \(name)"
    case .metadata(let namespace, let key): "the metadata \(namespace) / \(key)"
    }
  }
}
