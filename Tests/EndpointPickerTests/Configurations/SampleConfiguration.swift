import PickerConfiguration

/// A configuration of the kind that is in use.
struct SampleConfiguration: CustomStringConvertible {
  let description: String
  let lineage: Lineage
  let body: String

  init(_ description: String, _ lineage: Lineage, _ body: String) {
    self.description = description
    self.lineage = lineage
    self.body = body
  }

  /// The whole document.
  var text: String { "apiVersion: \(lineage.apiVersion)\nkind: EndpointPickerConfig\n\(body)\n" }

  /// A list of plugins and one profile that weights them: `type`, or `type=weight`, or `-type` for one that the profile
  /// does not refer to.
  static func single(_ description: String, _ lineage: Lineage, _ plugins: [String], _ more: String = "") -> Self {
    var declared = "plugins:\n"
    var members = "schedulingProfiles:\n- name: default\n  plugins:\n"
    for plugin in plugins {
      let parts = plugin.split(separator: "=")
      let type = parts[0].drop { $0 == "-" }
      declared += "- type: \(type)\n"
      guard !plugin.hasPrefix("-") else { continue }
      members += "  - pluginRef: \(type)\n"
      if parts.count > 1 { members += "    weight: \(parts[1])\n" }
    }
    return Self(description, lineage, declared + members + more)
  }
}

extension SampleConfiguration {
  /// Those whose plugins exist.
  static let loadable: [SampleConfiguration] = olderFamily + newerFamily + disaggregated + predicted + queued + precise

  private static let queued = [
    SampleConfiguration(
      "flow control", .inferenceExtension,
      """
      featureGates: [flowControl]
      plugins:
      - type: utilization-detector
        parameters: {queueDepthThreshold: 2, kvCacheUtilThreshold: 0.85}
      flowControl:
        maxBytes: 1G
        defaultRequestTTL: 30s
        priorityBands: [{priority: 100}]
      """),
    .single(
      "soft ceilings", .llmD,
      [
        "queue-scorer=2", "kv-cache-utilization-scorer=2", "prefix-cache-scorer=3",
        "-soft-reflective-ceiling-policy",
      ],
      "featureGates: [flowControl]\nflowControl: {usageLimitPolicyPluginRef: soft-reflective-ceiling-policy}"),
    .single(
      "program-aware fairness", .llmD, ["queue-scorer=1", "-program-aware-fairness"],
      "featureGates: [flowControl]\n"
        + "flowControl: {defaultPriorityBand: {fairnessPolicyRef: program-aware-fairness}}"),
  ]

  private static let predicted = [
    predicting("latency prediction, older family", .inferenceExtension, ""),
    predicting(
      "latency prediction, newer family", .llmD, ", ttftSource: latencyPredictor, maxTTFTPenaltyMs: 5000"),
  ]

  /// The charts' variant with latency prediction.
  private static func predicting(_ description: String, _ lineage: Lineage, _ affinity: String) -> Self {
    SampleConfiguration(
      description, lineage,
      """
      plugins:
      - type: queue-scorer
      - type: kv-cache-utilization-scorer
      - type: prefix-cache-scorer
      - type: predicted-latency-producer
      - name: strict-affinity-filter
        type: prefix-cache-affinity-filter
        parameters: {affinityThreshold: 0.99\(affinity)}
      - type: slo-headroom-tier-filter
      - name: loose-affinity-filter
        type: prefix-cache-affinity-filter
        parameters: {affinityThreshold: 0.80\(affinity)}
      - type: latency-scorer
      - type: latency-slo-admitter
      - type: weighted-random-picker
      schedulingProfiles:
      - name: default
        plugins:
        - pluginRef: predicted-latency-producer
        - pluginRef: strict-affinity-filter
        - pluginRef: slo-headroom-tier-filter
        - pluginRef: loose-affinity-filter
        - {pluginRef: latency-scorer, weight: 1}
        - pluginRef: weighted-random-picker
      """)
  }

  private static let olderFamily = [
    SampleConfiguration(
      "chart of the older family", .inferenceExtension,
      """
      plugins:
      - type: queue-scorer
      - type: kv-cache-utilization-scorer
      - type: prefix-cache-scorer
      - type: metrics-data-source
        parameters: {scheme: http, path: /metrics, insecureSkipVerify: true}
      - type: core-metrics-extractor
        parameters: {defaultEngine: sglang}
      - type: vllmgrpc-parser
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: queue-scorer, weight: 2}
        - {pluginRef: kv-cache-utilization-scorer, weight: 2}
        - {pluginRef: prefix-cache-scorer, weight: 3}
      parser: {pluginRef: vllmgrpc-parser}
      dataLayer:
        sources: [{pluginRef: metrics-data-source, extractors: [{pluginRef: core-metrics-extractor}]}]
      """),
    .single(
      "end-to-end test of the older family", .inferenceExtension,
      ["queue-scorer=1", "kv-cache-utilization-scorer=1", "prefix-cache-scorer=1"]),
    .single(
      "integration test with adapters", .inferenceExtension,
      [
        "queue-scorer=1", "kv-cache-utilization-scorer=1", "prefix-cache-scorer=1", "lora-affinity-scorer=1",
        "-openai-parser",
      ], "featureGates: [enableLegacyMetrics]\nparser: {pluginRef: openai-parser}"),
    SampleConfiguration(
      "report of costs", .inferenceExtension,
      """
      plugins:
      - type: openai-parser
      - type: request-attribute-reporter
        parameters:
          attributes:
          - key: {namespace: envoy.lb, name: x-gateway-inference-request-cost}
            expression: usage.completion_tokens
      """),
    .single(
      "conformance", .inferenceExtension,
      ["header-based-testing-filter", "-destination-endpoint-served-verifier"]),
    SampleConfiguration(
      "prefix parameters on the scorer", .inferenceExtension,
      """
      plugins:
      - type: prefix-cache-scorer
        parameters: {blockSizeTokens: 5, maxPrefixBlocksToMatch: 256, lruCapacityPerServer: 31250}
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: prefix-cache-scorer, weight: 50}]
      """),
    SampleConfiguration(
      "deprecated block size", .inferenceExtension,
      """
      plugins:
      - type: queue-scorer
      - type: kv-cache-utilization-scorer
      - type: prefix-cache-scorer
        parameters: {blockSize: 64, maxPrefixBlocksToMatch: 512}
      """),
  ]

  private static let newerFamily = [
    .single(
      "chart of the newer family", .llmD,
      ["queue-scorer=2", "kv-cache-utilization-scorer=2", "prefix-cache-scorer=3", "-passthrough-parser"],
      "requestHandler: {parsers: [{pluginRef: passthrough-parser}]}"),
    .single(
      "payload-agnostic", .llmD, ["active-request-scorer=1", "session-affinity-scorer=1", "-passthrough-parser"],
      "requestHandler: {parsers: [{pluginRef: passthrough-parser}]}"),
    .single("decode and prefix", .llmD, ["decode-filter", "prefix-cache-scorer=2"]),
    SampleConfiguration(
      "data parallel", .llmD,
      """
      plugins:
      - type: data-parallel-profile-handler
        parameters: {primaryPort: 8000}
      - type: decode-filter
      - type: prefix-cache-scorer
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: decode-filter}, {pluginRef: prefix-cache-scorer, weight: 2}]
      """),
    .single("estimated prefix", .llmD, ["decode-filter", "prefix-cache-scorer=1", "load-aware-scorer=1"]),
    SampleConfiguration(
      "optimized baseline", .llmD,
      """
      plugins:
      - type: approx-prefix-cache-producer
        parameters: {maxPrefixTokensToMatch: 100000}
      - type: queue-scorer
      - type: kv-cache-utilization-scorer
      - type: prefix-cache-scorer
      - type: no-hit-lru-scorer
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: queue-scorer, weight: 2}
        - {pluginRef: kv-cache-utilization-scorer, weight: 2}
        - {pluginRef: prefix-cache-scorer, weight: 3}
        - {pluginRef: no-hit-lru-scorer, weight: 2}
      """),
    .single("random only", .llmD, ["random-picker"]),
    .single(
      "random passthrough", .llmD, ["random-picker", "-passthrough-parser"],
      "requestHandler: {parsers: [{pluginRef: passthrough-parser}]}"),
    SampleConfiguration(
      "probabilistic admission", .llmD,
      """
      plugins:
      - type: random-picker
      - type: probabilistic-admitter
      - type: utilization-detector
        parameters: {queueDepthThreshold: 1000000, kvCacheUtilThreshold: 1}
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: random-picker}]
      """),
  ]

  private static let disaggregated = [
    SampleConfiguration(
      "prefill and decode", .llmD,
      """
      plugins:
      - type: approx-prefix-cache-producer
        parameters: {maxPrefixTokensToMatch: 16384}
      - type: prefix-cache-scorer
      - type: queue-scorer
      - type: prefill-filter
      - type: decode-filter
      - type: max-score-picker
      - type: prefix-based-pd-decider
        parameters: {nonCachedTokens: 16}
      - type: disagg-profile-handler
        parameters: {deciders: {prefill: prefix-based-pd-decider}}
      schedulingProfiles:
      - name: prefill
        plugins:
        - {pluginRef: prefill-filter}
        - {pluginRef: max-score-picker}
        - {pluginRef: prefix-cache-scorer, weight: 2}
        - {pluginRef: queue-scorer, weight: 1}
      - name: decode
        plugins:
        - {pluginRef: decode-filter}
        - {pluginRef: max-score-picker}
        - {pluginRef: prefix-cache-scorer, weight: 2}
        - {pluginRef: queue-scorer, weight: 1}
      """),
    SampleConfiguration(
      "encode, prefill and decode", .llmD,
      """
      plugins:
      - type: encode-filter
      - type: prefill-filter
      - type: decode-filter
      - type: queue-scorer
      - type: always-disagg-multimodal-decider
      - type: prefix-based-pd-decider
        parameters: {nonCachedTokens: 16}
      - type: disagg-profile-handler
        parameters: {deciders: {prefill: prefix-based-pd-decider, encode: always-disagg-multimodal-decider}}
      schedulingProfiles:
      - {name: encode, plugins: [{pluginRef: encode-filter}, {pluginRef: queue-scorer}]}
      - {name: prefill, plugins: [{pluginRef: prefill-filter}, {pluginRef: queue-scorer}]}
      - {name: decode, plugins: [{pluginRef: decode-filter}, {pluginRef: queue-scorer}]}
      """),
    SampleConfiguration(
      "stages by label", .llmD,
      """
      plugins:
      - name: prefill-pods
        type: label-selector-filter
        parameters: {matchLabels: {stage: prefill}}
      - name: decode-pods
        type: label-selector-filter
        parameters: {matchExpressions: [{key: stage, operator: In, values: [decode, both]}]}
      - type: queue-scorer
      - type: prefix-based-pd-decider
        parameters: {nonCachedTokens: 8}
      - type: disagg-profile-handler
        parameters: {deciders: {prefill: prefix-based-pd-decider}}
      schedulingProfiles:
      - {name: prefill, plugins: [{pluginRef: prefill-pods}, {pluginRef: queue-scorer}]}
      - {name: decode, plugins: [{pluginRef: decode-pods}, {pluginRef: queue-scorer}]}
      """),
  ]
}

extension SampleConfiguration {
  /// Those that need something that does not exist, with what the error must name.
  static let unloadable: [(SampleConfiguration, [String])] = [
    (
      .single("scorer that predicts", .inferenceExtension, ["predicted-latency-scorer=1"]),
      ["\"predicted-latency-scorer\" needs latency prediction in a scorer"]
    ),
    (
      SampleConfiguration(
        "removed predictor", .inferenceExtension,
        "featureGates: [prepareDataPlugins]\nplugins: [{type: predicted-latency-scorer}]"), ["prepareDataPlugins"]
    ),
    (
      SampleConfiguration(
        "metrics of the reference's own tests", .inferenceExtension,
        """
        plugins:
        - type: queue-scorer
        - type: kv-cache-utilization-scorer
        - type: prefix-cache-scorer
        - type: lora-affinity-scorer
        - type: openai-parser
        - type: mock-metrics-source
        schedulingProfiles:
        - name: default
          plugins:
          - pluginRef: queue-scorer
          - pluginRef: kv-cache-utilization-scorer
          - pluginRef: prefix-cache-scorer
          - pluginRef: lora-affinity-scorer
        parser: {pluginRef: openai-parser}
        dataLayer:
          sources: [{pluginRef: mock-metrics-source}]
        """), ["\"mock-metrics-source\" needs invented metrics"]
    ),
    (
      .single("topology", .llmD, ["-topology-extractor", "topology-affinity-filter", "topology-affinity-scorer=1"]),
      ["topology-extractor", "topology-affinity-filter", "topology-affinity-scorer"]
    ),
    (
      .single("embeddings", .llmD, ["-mm-embeddings-cache-producer", "mm-embeddings-cache-scorer=4"]),
      ["mm-embeddings-cache-producer", "mm-embeddings-cache-scorer"]
    ),
    (
      .single("bursts", .llmD, ["-burst-prefix-cache-producer", "prefix-cache-scorer=2", "load-aware-scorer=1"]),
      ["burst-prefix-cache-producer"]
    ),
    (
      .single("GPU metrics", .llmD, ["-dcgm-data-source", "-dcgm-extractor", "kv-cache-utilization-scorer=1"]),
      ["dcgm-data-source", "dcgm-extractor"]
    ),
  ]
}
