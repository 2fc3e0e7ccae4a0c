/// The live values of a metrics page that are not histograms.
struct MetricsValues: Equatable, Sendable {
  var running = 0
  var waiting = 0
  /// KV-cache blocks in use over all blocks, 0...1.
  var cacheUsage = 0.0
  /// What `vllm:cache_config_info` tells.
  var blockCount = 0
  var preemptions = 0
  var queriedTokens = 0
  var cachedTokens = 0
  var promptTokens = 0
  var outputTokens = 0
  /// Finished requests by reason, in the order of ``FinishReason``.
  var finished: [Int] = Array(repeating: 0, count: FinishReason.allCases.count)
  /// Adapters with running and waiting requests.
  var adapters = AdapterActivity()
}

/// Which LoRA adapters have requests in the engine.
struct AdapterActivity: Equatable, Sendable {
  /// Names with a running request, sorted.
  var running: [String] = []
  /// Names with a waiting request, sorted.
  var waiting: [String] = []
}

/// Why a request ended, as vLLM labels it.
enum FinishReason: String, CaseIterable, Sendable {
  case stop
  case length
  case abort
  case error
  case repetition
}
