/// One way of requests through the proxy: a route on which a picker chooses, with everything that takes part.
public struct PickerPath: Sendable, Hashable {
  /// The chain the route belongs to.
  public let chain: FilterChain
  /// The filter as it acts on the route.
  public let filter: ExtProcFilter
  /// The other external processors that act on the route.
  public let otherProcessors: [ExtProcFilter]
  /// The route.
  public let route: Route
  /// Name of the cluster the route sends to.
  public let poolName: String
  /// The cluster the route sends to; nil when it is not in the document.
  public let pool: Cluster?
  /// The picker's cluster; nil when it is not in the document or not Envoy's.
  public let picker: Cluster?

  /// Where it is, for people.
  public var place: String { "listener \"\(chain.listener)\", route \"\(route.label)\"" }
  /// The filter, for people.
  public var filterPlace: String { "listener \"\(chain.listener)\", filter \"\(filter.name)\"" }
}

extension DataPlane {
  /// The paths on which a picker chooses.
  ///
  /// An external processor is taken for a picker when a cluster behind it follows picks, when its name or its
  /// cluster's says so, or when it is the only one of its chain.
  /// - Parameter filter: the picker's filter by name, where the choice would be wrong.
  public func pickerPaths(filter: String? = nil) -> [PickerPath] {
    chains.flatMap { chain in
      let paths = chain.processors.flatMap { self.paths(of: $0, in: chain) }
      let names = Set(
        chain.processors.filter { processor in
          filter.map { $0 == processor.name } ?? Self.isPicker(processor, paths, chain)
        }.map(\.name))
      return paths.filter { names.contains($0.filter.name) }
    }
  }

  private static func isPicker(_ filter: ExtProcFilter, _ paths: [PickerPath], _ chain: FilterChain) -> Bool {
    guard chain.processors.count > 1 else { return true }
    // Behind a gateway's own processor the clusters follow picks too, so a name decides where there is one.
    if chain.processors.contains(where: isNamedPicker) { return isNamedPicker(filter) }
    return paths.contains { $0.filter.name == filter.name && $0.pool?.destination.followsPicks == true }
  }

  private static func isNamedPicker(_ filter: ExtProcFilter) -> Bool {
    let words = [filter.name, filter.cluster ?? ""].map { $0.lowercased() }
    return words.contains { word in
      ["endpointpicker", "endpoint-picker", "epp", "inferencepool"].contains { word.contains($0) }
    }
  }

  private func paths(of filter: ExtProcFilter, in chain: FilterChain) -> [PickerPath] {
    chain.routes.flatMap { route -> [PickerPath] in
      let effective = Self.effective(filter, on: route)
      guard !effective.isDisabled else { return [] }
      let others = chain.processors.filter { $0.name != filter.name }
        .map { Self.effective($0, on: route) }.filter { !$0.isDisabled }
      return route.clusters.map { name in
        PickerPath(
          chain: chain, filter: effective, otherProcessors: others, route: route, poolName: name,
          pool: clusters[name], picker: effective.cluster.flatMap { clusters[$0] })
      }
    }
  }

  private static func effective(_ filter: ExtProcFilter, on route: Route) -> ExtProcFilter {
    route.filterSettings[filter.name, default: []].reduce(filter) { $0.overridden(by: $1) }
  }
}
