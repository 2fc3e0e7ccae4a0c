/// The proxy can reach the picker and speaks gRPC with it.
enum PickerClusterRule: CheckRule {
  private static let rule = "picker-cluster"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let name = path.filter.cluster else {
      return [
        Finding(
          rule, .notice, at: path.filterPlace,
          "the picker is not reached through one of Envoy's clusters (google_grpc)",
          effect: "its connection limits, TLS and timeouts cannot be checked here",
          remedy: "use grpc_service.envoy_grpc, which has circuit breakers and statistics of its own")
      ]
    }
    guard let cluster = path.picker else {
      return [
        Finding(
          rule, .error, at: path.filterPlace, "the picker's cluster \"\(name)\" does not exist",
          effect: "every request fails with 500",
          remedy: "define the cluster \"\(name)\", or name the right one in grpc_service.envoy_grpc.cluster_name")
      ]
    }
    var findings: [Finding] = []
    let place = "cluster \"\(cluster.name)\""
    if !cluster.speaksHTTP2 {
      findings.append(
        Finding(
          rule, .error, at: place, "the picker's cluster speaks HTTP/1.1",
          effect: "gRPC needs HTTP/2, so every request fails",
          remedy: "set explicit_http_config.http2_protocol_options in the cluster's HttpProtocolOptions"))
    }
    if cluster.discovery == .strictDNS || cluster.discovery == .logicalDNS {
      findings.append(
        Finding(
          "picker-balancing", .notice, at: place, "the picker is found by DNS (\(cluster.discovery.rawValue))",
          effect: "behind a ClusterIP the name has one address, and connections live long: replicas of the picker are "
            + "balanced by connection only",
          remedy: "with several replicas let the name be that of a headless Service, and use STRICT_DNS"))
    }
    return findings
  }
}
