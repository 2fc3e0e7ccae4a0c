/// Data that one plugin produces and others consume.
public enum DataKind: String, Sendable, Hashable, CaseIterable {
  /// The prompt as tokens.
  case tokenizedPrompt
  /// Which session the request belongs to.
  case sessionID
  /// How much of the prompt each candidate holds in its prefix cache.
  case prefixCacheMatch
  /// Requests and tokens in flight on each candidate, and what this request would add.
  case inFlightLoad
  /// How long the request would take on each candidate.
  case latencyPrediction
  /// Candidates that all replicas propose for the prompt.
  case prefixProposal

  /// The type that produces the data when the configuration names no producer.
  public var defaultProducer: String {
    switch self {
    case .tokenizedPrompt: "token-producer"
    case .sessionID: "session-id-producer"
    case .prefixCacheMatch: "approx-prefix-cache-producer"
    case .inFlightLoad: "inflight-load-producer"
    case .latencyPrediction: "predicted-latency-producer"
    case .prefixProposal: "consistent-prefix-producer"
    }
  }
}

/// A plugin's wish for data, as it comes up while the plugin is made.
struct DataRequirement {
  let kind: DataKind
  /// The instance that must produce the data; nil for the default producer.
  let producer: String?
  /// The parameter that names the producer.
  let parameter: String
}

/// Collects the requirements of one plugin.
final class DataRequirements {
  var all: [DataRequirement] = []
}
