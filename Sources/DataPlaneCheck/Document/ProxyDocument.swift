/// The parts of Envoy's configuration that a check looks at, collected from a configuration dump or a bootstrap file.
struct ProxyDocument {
  var listeners: [EnvoyValue] = []
  var clusters: [EnvoyValue] = []
  /// Route configurations by name.
  var routes: [String: EnvoyValue] = [:]
  /// Filters that listeners refer to by name (extension configuration discovery).
  var discoveredFilters: [String: EnvoyValue] = [:]

  /// Collects the parts of a document.
  /// - Throws: ``CheckError`` when it is neither a dump nor a bootstrap file.
  init(_ document: EnvoyValue, source: String) throws(CheckError) {
    if case .list(let configs) = document["configs"] {
      for config in configs { addSection(config) }
    } else if !document["static_resources"].isNull {
      addBootstrap(document)
    } else {
      throw CheckError(
        "\(source): neither an Envoy configuration dump (\"configs\") nor a bootstrap file (\"static_resources\")")
    }
    guard !listeners.isEmpty else {
      throw CheckError("\(source): there are no listeners in it; the dump must hold the listeners, clusters and routes")
    }
  }

  private mutating func addBootstrap(_ bootstrap: EnvoyValue) {
    listeners += bootstrap["static_resources"]["listeners"].elements
    clusters += bootstrap["static_resources"]["clusters"].elements
  }

  /// The bootstrap section of a dump is left out: what it lists appears again in the sections for static resources.
  private mutating func addSection(_ section: EnvoyValue) {
    switch section.typeName {
    case "ListenersConfigDump":
      listeners += section["static_listeners"].elements.map { $0["listener"] }
      listeners += section["dynamic_listeners"].elements.map { $0["active_state"]["listener"] }.filter { !$0.isNull }
    case "ClustersConfigDump":
      for list in ["static_clusters", "dynamic_active_clusters"] {
        clusters += section[list].elements.map { $0["cluster"] }
      }
    case "RoutesConfigDump":
      for list in ["static_route_configs", "dynamic_route_configs"] {
        for entry in section[list].elements { add(route: entry["route_config"]) }
      }
    case "EcdsConfigDump":
      for entry in section["ecds_filters"].elements {
        let filter = entry["ecds_filter"]
        if let name = filter["name"].text { discoveredFilters[name] = filter["typed_config"] }
      }
    default:
      break
    }
  }

  private mutating func add(route: EnvoyValue) {
    if let name = route["name"].text { routes[name] = route }
  }
}
