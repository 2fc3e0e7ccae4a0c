/// The cluster behind the route follows the pick.
enum DestinationRule: CheckRule {
  private static let rule = "pick-not-followed"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let pool = path.pool else {
      return [
        Finding(
          rule, .error, at: path.place, "the cluster \"\(path.poolName)\" is not in the document",
          effect: "requests on this route fail with 503, or the dump is incomplete",
          remedy: "define the cluster, or check a complete dump")
      ]
    }
    let place = "cluster \"\(pool.name)\""
    switch pool.destination {
    case .ownBalancing(let policy):
      return [
        Finding(
          rule, .error, at: place, "the cluster chooses hosts on its own (\(policy))",
          effect: "picks are ignored",
          remedy: "make it an ORIGINAL_DST cluster with original_dst_lb_config {use_http_header: true, "
            + "http_header_name: \(PickerNames.destination)}, or use the override_host load balancing policy")
      ]
    case .originalDestination(let sources):
      guard !pool.destination.followsPicks else { return missingMetadata(pool, path) }
      let read = sources.isEmpty ? "the connection's own destination" : sources.map(\.words).joined(separator: " and ")
      return [
        Finding(
          rule, .error, at: place, "the ORIGINAL_DST cluster takes the destination from \(read)",
          effect: "picks are ignored, and requests fail with 503 or go elsewhere",
          remedy: "set original_dst_lb_config {use_http_header: true, http_header_name: \(PickerNames.destination)}")
      ]
    case .subset:
      return missingMetadata(pool, path)
    case .overrideHost(let sources, _):
      if !pool.destination.followsPicks {
        let read = sources.isEmpty ? "nowhere" : sources.map(\.words).joined(separator: " and ")
        return [
          Finding(
            rule, .error, at: place, "override_host reads the destination from \(read)",
            effect: "picks are ignored, and the fallback policy balances",
            remedy: "add \(PickerNames.destination) to override_host_sources")
        ]
      }
      if pool.discovery == .fixed, pool.hostCount == 0 {
        return [
          Finding(
            rule, .error, at: place, "the cluster has no hosts",
            effect: "override_host accepts only hosts of the cluster, so no pick can be followed",
            remedy: "list the pool's endpoints in the cluster's load_assignment, or use EDS")
        ]
      }
      return missingMetadata(pool, path)
    }
  }

  /// A cluster that reads metadata only needs the filter to take it over.
  private static func missingMetadata(_ pool: Cluster, _ path: PickerPath) -> [Finding] {
    let followed = pool.destination.sources.filter(\.isDestination)
    guard !followed.contains(where: \.isHeader), !path.filter.receivedNamespaces.contains(PickerNames.metadata) else {
      return []
    }
    return [
      Finding(
        rule, .error, at: path.filterPlace,
        "cluster \"\(pool.name)\" reads the pick from metadata that the filter does not take over",
        effect: "picks are ignored",
        remedy: "add metadata_options {receiving_namespaces: {untyped: [\(PickerNames.metadata)]}} to the filter")
    ]
  }
}
