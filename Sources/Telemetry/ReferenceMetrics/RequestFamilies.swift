/// The families whose labels are those of a request.
struct RequestFamilies: Sendable {
  let total: TwinFamily<CounterFamily>
  let errors: TwinFamily<CounterFamily>
  let duration: TwinFamily<HistogramFamily>
  let requestBytes: TwinFamily<HistogramFamily>
  let responseBytes: TwinFamily<HistogramFamily>
  let inputTokens: TwinFamily<HistogramFamily>
  let outputTokens: TwinFamily<HistogramFamily>
  let cachedTokens: TwinFamily<HistogramFamily>
  let running: TwinFamily<GaugeFamily>
  let normalizedTimePerOutputToken: TwinFamily<HistogramFamily>
  let timeToFirstToken: HistogramFamily
  let streamingTimePerOutputToken: HistogramFamily
  let streamingInterTokenLatency: HistogramFamily

  init(
    _ registrar: TwinRegistrar, modelNames: LabelBound, fairnessIDs: LabelBound
  ) throws(MetricsRegistrationError) {
    func name(_ older: String, _ newer: String) -> TwinRegistrar.Name {
      TwinRegistrar.Name("inference_objective_", older, newer: newer)
    }
    let model = MetricLabel("model_name", bound: modelNames)
    let models = [model, MetricLabel("target_model_name", bound: modelNames)]
    let full = models + [MetricLabel("fairness_id", bound: fairnessIDs), "priority"]

    total = try registrar.counter(
      name("request_total", "request_total"), "Requests that were scheduled.",
      older: models + ["priority"], newer: full)
    errors = try registrar.counter(
      name("request_error_total", "request_error_total"), "Requests that ended in an error.",
      older: models + ["error_code"], newer: full + ["error_code"])
    duration = try registrar.histogram(
      name("request_duration_seconds", "request_duration_seconds"),
      "Time from a request to the end of its response, in seconds.",
      older: models, newer: full, buckets: ReferenceBuckets.requestLatency)
    requestBytes = try registrar.histogram(
      name("request_sizes", "request_size_bytes"), "Size of request bodies, in bytes.",
      older: models, newer: full, buckets: ReferenceBuckets.requestBytes)
    responseBytes = try registrar.histogram(
      name("response_sizes", "response_size_bytes"), "Size of response bodies, in bytes.",
      older: models, newer: full, buckets: ReferenceBuckets.responseBytes)
    inputTokens = try registrar.histogram(
      name("input_tokens", "request_input_tokens"), "Tokens of prompts.",
      older: models, newer: full, buckets: ReferenceBuckets.inputTokens)
    outputTokens = try registrar.histogram(
      name("output_tokens", "request_output_tokens"), "Tokens of answers.",
      older: models, newer: full, buckets: ReferenceBuckets.outputTokens)
    cachedTokens = try registrar.histogram(
      name("prompt_cached_tokens", "request_cached_tokens"), "Tokens of prompts that the model server had cached.",
      older: models, newer: full, buckets: ReferenceBuckets.inputTokens)
    running = try registrar.gauge(
      name("running_requests", "request_running"), "Requests that a model server is working on.",
      older: [model], newer: full)
    normalizedTimePerOutputToken = try registrar.histogram(
      name("normalized_time_per_output_token_seconds", "request_ntpot_seconds"),
      "Duration of a request divided by its output tokens, in seconds.",
      older: models, newer: full, buckets: ReferenceBuckets.normalizedTokenLatency)

    let registry = registrar.registry
    let prefix = TwinRegistrar.newerPrefix
    timeToFirstToken = try registry.histogram(
      prefix + "request_ttft_seconds", help: "Time from a request to the first token, in seconds.".alpha,
      labels: full + ["streaming"], buckets: ReferenceBuckets.timeToFirstToken)
    streamingTimePerOutputToken = try registry.histogram(
      prefix + "request_streaming_tpot_seconds", help: "Mean time for each token after the first, in seconds.".alpha,
      labels: full, buckets: ReferenceBuckets.streamingTokenLatency)
    streamingInterTokenLatency = try registry.histogram(
      prefix + "request_streaming_itl_seconds", help: "Time between two chunks of a stream, in seconds.".alpha,
      labels: full, buckets: ReferenceBuckets.interTokenLatency)
  }
}
