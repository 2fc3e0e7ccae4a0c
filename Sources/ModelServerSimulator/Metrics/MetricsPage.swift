import NIOCore

/// The text of one server's `/metrics`, rendered when asked for and only where values changed.
///
/// The page is a row of sections: static text rendered at start, the gauges and counters, and one section for each
/// histogram. A section is rendered again only after its values changed; a page without changes is handed out as is.
struct MetricsPage {
  /// What the page says about its server.
  struct Identity {
    var modelName: String
    var blockSize: Int
    /// Most adapters in a batch; 0 leaves the LoRA family out, as vLLM does without LoRA.
    var maxAdapters: Int
    /// Tokens the server's context holds.
    var maxTokens: Int
    /// Unix seconds at the server's start.
    var startTime: Double
    /// Bytes the page should have at least; text is added to get there.
    var pageBytes: Int
  }

  private let identity: Identity
  private let labels: String
  private let lines: [HistogramLines]
  private let head: ByteBuffer
  private var tail = ByteBuffer()

  private var histograms: [Histogram]
  private var sections: [ByteBuffer]
  private var changed: [Bool]
  private var values = MetricsValues()
  private var valuesSection = ByteBuffer()
  private var adapterSeries: [AdapterSeries]
  private var page: ByteBuffer?

  private struct AdapterSeries {
    var activity: AdapterActivity
    var time: Double
  }

  init(_ identity: Identity) {
    self.identity = identity
    let model = escapedLabelValue(identity.modelName)
    self.labels = "engine=\"0\",model_name=\"\(model)\""
    self.histograms = HistogramFamily.allCases.map { Histogram(bounds: $0.bounds(maxTokens: identity.maxTokens)) }
    self.lines = HistogramFamily.allCases.map {
      HistogramLines(
        $0.name, help: $0.help, bounds: $0.bounds(maxTokens: identity.maxTokens), before: "engine=\"0\",",
        after: ",model_name=\"\(model)\"", created: identity.startTime)
    }
    self.adapterSeries = [AdapterSeries(activity: AdapterActivity(), time: identity.startTime)]
    self.sections = Array(repeating: ByteBuffer(), count: histograms.count)
    self.changed = Array(repeating: true, count: histograms.count)
    self.head = StaticMetrics.process(startTime: identity.startTime)
    renderValues()
    let base = renderSections().readableBytes
    tail = StaticMetrics.padding(
      bytes: identity.pageBytes - base, modelName: model, startTime: identity.startTime)
  }

  /// Adds one observation.
  mutating func observe(_ value: Double, in family: HistogramFamily) {
    histograms[family.rawValue].observe(value)
    changed[family.rawValue] = true
    page = nil
  }

  /// The page with `values`, which became so no later than `time` (unix seconds).
  mutating func render(_ values: MetricsValues, time: Double) -> ByteBuffer {
    if values != self.values {
      if values.adapters != self.values.adapters { noteAdapters(values.adapters, time: time) }
      self.values = values
      renderValues()
      page = nil
    }
    if let page { return page }
    let rendered = renderSections()
    page = rendered
    return rendered
  }

  /// Each combination of adapters is a series of its own; its value is when it was last true. Old ones stay, as they do
  /// in vLLM, but only the newest 16.
  private mutating func noteAdapters(_ activity: AdapterActivity, time: Double) {
    adapterSeries.removeAll { $0.activity == activity }
    adapterSeries.append(AdapterSeries(activity: activity, time: time))
    if adapterSeries.count > 16 { adapterSeries.removeFirst() }
  }

  private mutating func renderSections() -> ByteBuffer {
    for index in sections.indices where changed[index] {
      sections[index].clear()
      lines[index].write(histograms[index], to: &sections[index])
      changed[index] = false
    }
    let size = sections.reduce(head.readableBytes + valuesSection.readableBytes + tail.readableBytes) {
      $0 + $1.readableBytes
    }
    var page = ByteBuffer()
    page.reserveCapacity(size)
    page.writeImmutableBuffer(head)
    page.writeImmutableBuffer(valuesSection)
    for section in sections { page.writeImmutableBuffer(section) }
    page.writeImmutableBuffer(tail)
    return page
  }

  private mutating func renderValues() {
    var text = ByteBuffer()
    text.reserveCapacity(8192)
    let created = identity.startTime
    text.writeGauge(
      "vllm:num_requests_running", labels, Double(values.running),
      help: "Number of requests in model execution batches.")
    text.writeGauge(
      "vllm:num_requests_waiting", labels, Double(values.waiting), help: "Number of requests waiting to be processed.")
    text.writeFamily(
      "vllm:engine_sleep_state", type: "gauge", help: "Engine sleep state; awake = 0 means engine is sleeping.")
    for (state, value) in [("awake", 1.0), ("discard_all", 0.0), ("weights_offloaded", 0.0)] {
      text.writeSample("vllm:engine_sleep_state", "\(labels),sleep_state=\"\(state)\"", value)
    }
    text.writeGauge(
      "vllm:kv_cache_usage_perc", labels, values.cacheUsage, help: "KV-cache usage. 1 means 100 percent usage.")
    let counters: [(String, Int, String)] = [
      ("prefix_cache_queries", values.queriedTokens, "Prefix cache queries, in terms of number of queried tokens."),
      ("prefix_cache_hits", values.cachedTokens, "Prefix cache hits, in terms of number of cached tokens."),
      ("external_prefix_cache_queries", 0, "External prefix cache queries, in terms of number of queried tokens."),
      ("external_prefix_cache_hits", 0, "External prefix cache hits, in terms of number of cached tokens."),
      ("mm_cache_queries", 0, "Multi-modal cache queries, in terms of number of queried items."),
      ("mm_cache_hits", 0, "Multi-modal cache hits, in terms of number of cached items."),
      ("num_preemptions", values.preemptions, "Cumulative number of preemption from the engine."),
      ("prompt_tokens", values.promptTokens, "Number of prefill tokens processed."),
      ("prompt_tokens_cached", values.cachedTokens, "Number of cached prompt tokens."),
      ("generation_tokens", values.outputTokens, "Number of generation tokens processed."),
    ]
    for (name, value, help) in counters {
      text.writeCounter("vllm:" + name, labels, Double(value), created: created, help: help)
    }
    writeFinished(to: &text)
    writeCacheConfig(to: &text)
    writeAdapters(to: &text)
    valuesSection = text
  }

  private func writeFinished(to text: inout ByteBuffer) {
    let help = "Count of successfully processed requests."
    func label(_ reason: FinishReason) -> String {
      "engine=\"0\",finished_reason=\"\(reason)\"," + labels.dropFirst("engine=\"0\",".count)
    }
    text.writeFamily("vllm:request_success_total", type: "counter", help: help)
    for (reason, count) in zip(FinishReason.allCases, values.finished) {
      text.writeSample("vllm:request_success_total", label(reason), Double(count))
    }
    text.writeFamily("vllm:request_success_created", type: "gauge", help: help)
    for reason in FinishReason.allCases {
      text.writeSample("vllm:request_success_created", label(reason), identity.startTime)
    }
  }

  private func writeCacheConfig(to text: inout ByteBuffer) {
    let info = [
      ("block_size", "\(identity.blockSize)"), ("cache_dtype", "auto"), ("calculate_kv_scales", "False"),
      ("cpu_kvcache_space_bytes", "None"), ("enable_prefix_caching", "True"), ("engine", "0"),
      ("gpu_memory_utilization", "0.9"), ("is_attention_free", "False"), ("kv_cache_dtype_skip_layers", "[]"),
      ("kv_cache_memory_bytes", "None"), ("kv_offloading_backend", "native"), ("kv_offloading_size", "None"),
      ("kv_sharing_fast_prefill", "False"), ("mamba_block_size", "None"), ("mamba_cache_dtype", "auto"),
      ("mamba_cache_mode", "none"), ("mamba_page_size_padded", "None"), ("mamba_ssm_cache_dtype", "auto"),
      ("num_cpu_blocks", "None"), ("num_gpu_blocks", "\(values.blockCount)"), ("num_gpu_blocks_override", "None"),
      ("prefix_caching_hash_algo", "sha256"), ("sliding_window", "None"), ("user_specified_block_size", "False"),
    ].map { "\($0)=\"\($1)\"" }.joined(separator: ",")
    text.writeGauge("vllm:cache_config_info", info, 1, help: "Information of the LLMEngine CacheConfig")
  }

  private func writeAdapters(to text: inout ByteBuffer) {
    guard identity.maxAdapters > 0 else { return }
    text.writeFamily("vllm:lora_requests_info", type: "gauge", help: "Running stats on lora requests.")
    for series in adapterSeries {
      let running = escapedLabelValue(series.activity.running.joined(separator: ","))
      let waiting = escapedLabelValue(series.activity.waiting.joined(separator: ","))
      text.writeSample(
        "vllm:lora_requests_info",
        "max_lora=\"\(identity.maxAdapters)\",running_lora_adapters=\"\(running)\",waiting_lora_adapters=\"\(waiting)\"",
        series.time)
    }
  }
}
