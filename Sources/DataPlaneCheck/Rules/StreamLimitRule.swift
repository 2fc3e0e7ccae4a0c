/// There is room for all requests in flight: each holds a stream to the picker until its response ends.
enum StreamLimitRule: CheckRule {
  private static let enough = 100_000

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let cluster = path.picker, cluster.maxRequests < enough else { return [] }
    let isDefault = cluster.maxRequests == Cluster.defaultMaxRequests
    let place = "cluster \"\(cluster.name)\""
    let problem =
      "the proxy holds at most \(cluster.maxRequests) streams to the picker" + (isDefault ? ", the default" : "")
    if EarlyRelease.isPossible(path.filter), picker.releasesStreamsEarly {
      return [
        Finding(
          "stream-limit", .notice, at: place, problem,
          effect: "streams end with the request (--early-stream-release), so few are open at a time")
      ]
    }
    var remedy = "set circuit_breakers.thresholds max_requests: 2147483647 (and max_pending_requests) on the cluster"
    if EarlyRelease.isPossible(path.filter) { remedy += "; or start epp with --early-stream-release" }
    return [
      Finding(
        "stream-limit", .warning, at: place, problem,
        effect: "with more requests in flight, streamed answers included, the others fail with 500 "
          + "(ext_proc_error_gRPC_error_14, overflow)",
        remedy: remedy)
    ]
  }
}
