/// The picker gets the metadata that the protocol speaks of.
enum MetadataRule: CheckRule {
  private static let rule = "metadata"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    [servedEndpoint(path), subset(path)].compactMap(\.self)
  }

  /// Where a fallback may serve, the picker should learn which one did.
  private static func servedEndpoint(_ path: PickerPath) -> Finding? {
    guard case .overrideHost(_, let report) = path.pool?.destination else { return nil }
    let effect = "after a fallback the picker counts the request on an endpoint that does not serve it"
    guard report == .metadata(namespace: PickerNames.metadata, key: PickerNames.served) else {
      return Finding(
        rule, .warning, at: "cluster \"\(path.poolName)\"", "the endpoint that served is not noted",
        effect: effect,
        remedy: "set override_host's selected_host_key {key: \(PickerNames.metadata), path: "
          + "[{key: \(PickerNames.served)}]}")
    }
    guard !path.filter.forwardedNamespaces.contains(PickerNames.metadata) else { return nil }
    return Finding(
      rule, .warning, at: path.filterPlace, "the endpoint that served is not sent to the picker", effect: effect,
      remedy: "add \(PickerNames.metadata) to the filter's metadata_options.forwarding_namespaces.untyped")
  }

  private static func subset(_ path: PickerPath) -> Finding? {
    guard !path.filter.forwardedNamespaces.contains(PickerNames.subset) else { return nil }
    return Finding(
      rule, .notice, at: path.filterPlace, "subsets of endpoints are not sent to the picker",
      effect: "a route that allows only part of the pool is not respected",
      remedy: "add \(PickerNames.subset) to the filter's metadata_options.forwarding_namespaces.untyped")
  }
}
