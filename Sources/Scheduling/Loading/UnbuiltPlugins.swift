/// Plugin types that documents of other pickers name and that do not exist here, so that a document which needs one is
/// told so rather than that it has a misspelling.
enum UnbuiltPlugins {
  /// What a type is part of.
  enum Feature: String {
    case eviction = "the eviction of requests in flight"
    case latencyPrediction = "latency prediction in a scorer (use predicted-latency-producer and latency-scorer)"
    case encoderCache = "the index of multimodal embeddings"
    case topology = "topology awareness"
    case burst = "placing bursts of requests together"
    case peerToPeer = "cache transfer between servers"
    case gpuMetrics = "GPU metrics (DCGM)"
    case multicluster = "multicluster routing"
    case rollout = "screening of rollouts"
    case agents = "agent identities"
    case notifications = "notification sources"
    case vertexAI = "the Vertex AI API"
    case mockMetrics = "invented metrics of the reference's own tests (use metrics-data-source)"
  }

  private static let types: [Feature: [String]] = [
    .eviction: [
      "eviction-sheddable-filter", "eviction-priority-then-time-ordering", "sheddable-eviction-filter",
      "priority-then-time-eviction-order-policy",
    ],
    .latencyPrediction: ["predicted-latency-scorer"],
    .encoderCache: ["mm-embeddings-cache-producer", "mm-embeddings-cache-scorer"],
    .topology: ["topology-extractor", "topology-affinity-filter", "topology-affinity-scorer"],
    .burst: ["burst-prefix-cache-producer"],
    .peerToPeer: ["p2p-source-producer"],
    .gpuMetrics: ["dcgm-data-source", "dcgm-extractor"],
    .multicluster: [
      "multicluster-file-discovery", "multicluster-metrics-data-source", "multicluster-metrics-extractor",
      "multicluster-queue-scorer", "multicluster-kv-cache-utilization-scorer", "multicluster-prefix-cache-scorer",
      "multicluster-approx-prefix-cache-producer", "multicluster-session-affinity-filter",
    ],
    .rollout: ["disaggregatedset-rollout-screener"],
    .agents: ["agent-identity"],
    .notifications: ["k8s-notification-source"],
    .vertexAI: ["vertexai-parser"],
    .mockMetrics: ["mock-metrics-source"],
  ]

  private static let features: [String: Feature] = types.reduce(into: [:]) { features, item in
    for type in item.value { features[type] = item.key }
  }

  /// The feature that a type is part of; nil for a type that nobody knows.
  static func feature(of type: String) -> Feature? { features[type] }
}
