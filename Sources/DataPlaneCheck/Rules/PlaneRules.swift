/// Rules about the configuration as a whole.
enum PlaneRules {
  /// - Parameters:
  ///   - paths: the paths that are reported.
  ///   - all: those and the ones whose clusters have nothing to do with picks.
  static func findings(
    _ plane: DataPlane, paths: [PickerPath], all: [PickerPath], source: String, filter: String?
  ) -> [Finding] {
    var findings: [Finding] = []
    if paths.isEmpty {
      let what = filter.map { "no route passes a filter named \"\($0)\"" } ?? "no route passes an external processor"
      findings.append(
        Finding(
          "no-picker", .error, at: source, what, effect: "no request is ever asked about",
          remedy: "add envoy.filters.http.ext_proc before the router, with the picker as its grpc_service"))
    }
    return findings + bypasses(plane, paths) + unrelated(paths, all)
  }

  /// Clusters that are meant for picks, reached without one.
  private static func bypasses(_ plane: DataPlane, _ paths: [PickerPath]) -> [Finding] {
    plane.chains.flatMap { chain in
      chain.routes.flatMap { route in
        route.clusters.compactMap { name in
          guard let cluster = plane.clusters[name], cluster.destination.followsPicks,
            !paths.contains(where: { $0.chain.listener == chain.listener && $0.route == route && $0.poolName == name })
          else { return nil }
          return Finding(
            "picker-bypassed", .error, at: "listener \"\(chain.listener)\", route \"\(route.label)\"",
            "the route reaches cluster \"\(name)\", which follows picks, without asking a picker",
            effect: "requests fail with 503 or are balanced blindly, and clients can choose endpoints by a header",
            remedy: "let the route pass the picker's filter; look for disabled in typed_per_filter_config")
        }
      }
    }
  }

  private static func unrelated(_ paths: [PickerPath], _ all: [PickerPath]) -> [Finding] {
    all.filter { !paths.contains($0) }.map { path in
      Finding(
        "unrelated-route", .notice, at: path.place,
        "the picker is asked about requests to cluster \"\(path.poolName)\", which does not follow picks",
        effect: "such requests are picked for and counted in vain",
        remedy: "disable the filter on the route by typed_per_filter_config ExtProcPerRoute {disabled: true}")
    }
  }
}
