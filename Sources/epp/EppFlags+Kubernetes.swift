import EndpointPicker

extension EppFlags {
  /// Flags on the command line that are there for older set-ups, and what to use instead.
  var givenDeprecated: [(name: String, instead: String)] {
    let extractor = "engineConfigs of the core-metrics-extractor plugin"
    let source = "the parameters of the metrics-data-source plugin"
    return [
      ("model-server-metrics-scheme", source), ("model-server-metrics-path", source),
      ("model-server-metrics-port", source), ("model-server-metrics-https-insecure-skip-verify", source),
      ("total-queued-requests-metric", extractor), ("total-running-requests-metric", extractor),
      ("kv-cache-usage-percentage-metric", extractor), ("lora-info-metric", extractor),
      ("cache-info-metric", extractor),
    ].filter { given.contains($0.0) }
  }

  /// The pool's name: as given, or without an InferencePool that of this pod's Deployment.
  func poolName(_ environment: [String: String]) -> String {
    if let first = poolNames.first { return first }
    let deployment =
      endpointSelector.isEmpty && poolSelector.isEmpty
      ? nil : environment["POD_NAME"].flatMap(KubernetesOptions.deploymentName)
    return deployment ?? ProcessOptions().poolName
  }

  /// The pool in Kubernetes; nil when no flag speaks of one, or the endpoints are given.
  func kubernetes(_ environment: [String: String]) throws -> KubernetesOptions? {
    let speaksOfPools = !poolNames.isEmpty || !poolSelector.isEmpty || !endpointSelector.isEmpty
    guard !given.contains("endpoints"), speaksOfPools else { return nil }
    var options = KubernetesOptions(
      pool: try KubernetesOptions.pool(
        name: poolNames.first ?? poolSelector, group: poolGroup.isEmpty ? nil : poolGroup, selector: endpointSelector,
        ports: endpointTargetPorts))
    options.kubeconfig = kubeconfig
    options.electsLeader = haEnableLeaderElection
    if !poolNamespace.isEmpty {
      options.namespace = poolNamespace
    } else if let namespace = environment["NAMESPACE"], !namespace.isEmpty {
      options.namespace = namespace
    }
    return options
  }

  /// What the deprecated flags say about the names of the model servers' metrics.
  var modelServerFlags: ModelServerFlags {
    var flags = ModelServerFlags()
    let series = [
      "total-queued-requests-metric": totalQueuedRequestsMetric,
      "total-running-requests-metric": totalRunningRequestsMetric,
      "kv-cache-usage-percentage-metric": kvCacheUsagePercentageMetric,
      "lora-info-metric": loraInfoMetric, "cache-info-metric": cacheInfoMetric,
    ]
    flags.series = series.filter { given.contains($0.key) }
    return flags
  }
}
