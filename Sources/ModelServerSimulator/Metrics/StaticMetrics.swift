import NIOCore

/// The parts of a vLLM metrics page that the simulation keeps constant.
enum StaticMetrics {
  /// What Python's Prometheus client says about its process.
  static func process(startTime: Double) -> ByteBuffer {
    var text = ByteBuffer()
    let generations: [(String, String, [Double])] = [
      ("python_gc_objects_collected_total", "Objects collected during gc", [11_894, 3_018, 1_842]),
      ("python_gc_objects_uncollectable_total", "Uncollectable objects found during GC", [0, 0, 0]),
      ("python_gc_collections_total", "Number of times this generation was collected", [1_453, 131, 24]),
    ]
    for (name, help, values) in generations {
      text.writeFamily(name, type: "counter", help: help)
      for (generation, value) in values.enumerated() {
        text.writeSample(name, "generation=\"\(generation)\"", value)
      }
    }
    text.writeGauge(
      "python_info", "implementation=\"CPython\",major=\"3\",minor=\"12\",patchlevel=\"11\",version=\"3.12.11\"", 1,
      help: "Python platform information")
    text.writeGauge("process_virtual_memory_bytes", "", 26_843_545_600, help: "Virtual memory size in bytes.")
    text.writeGauge("process_resident_memory_bytes", "", 1_288_490_188, help: "Resident memory size in bytes.")
    text.writeGauge(
      "process_start_time_seconds", "", startTime, help: "Start time of the process since unix epoch in seconds.")
    text.writeFamily(
      "process_cpu_seconds_total", type: "counter", help: "Total user and system CPU time spent in seconds.")
    text.writeSample("process_cpu_seconds_total", "", 64.27)
    text.writeGauge("process_open_fds", "", 74, help: "Number of open file descriptors.")
    text.writeGauge("process_max_fds", "", 1_048_576, help: "Maximum number of open file descriptors.")
    return text
  }

  /// Further families, all zero, until the text has at least `bytes` bytes: first those a vLLM with KV transfer and
  /// residency metrics has, then HTTP request histograms as its web framework has for each route.
  static func padding(bytes: Int, modelName: String, startTime: Double) -> ByteBuffer {
    var text = ByteBuffer()
    guard bytes > 0 else { return text }
    text.reserveCapacity(bytes + 4096)
    for (name, help, bounds) in engineFamilies where text.readableBytes < bytes {
      let lines = HistogramLines(
        name, help: help, bounds: bounds, before: "engine=\"0\",", after: ",model_name=\"\(modelName)\"",
        created: startTime)
      lines.write(Histogram(bounds: bounds), to: &text)
    }
    guard text.readableBytes < bytes else { return text }
    let name = "http_request_duration_seconds"
    text.writeFamily(name, type: "histogram", help: "Latency with only few buckets by handler.")
    var index = 0
    while text.readableBytes < bytes {
      let route = index < routes.count ? routes[index] : "/v1/adapters/\(index - routes.count)/completions"
      index += 1
      for limit in ["0.1", "0.5", "1.0", "+Inf"] {
        text.writeSample("\(name)_bucket", "handler=\"\(route)\",le=\"\(limit)\",method=\"POST\"", 0)
      }
      text.writeSample("\(name)_count", "handler=\"\(route)\",method=\"POST\"", 0)
      text.writeSample("\(name)_sum", "handler=\"\(route)\",method=\"POST\"", 0)
    }
    return text
  }

  private static let seconds: [Double] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800,
  ]
  private static let counts: [Double] = [10, 20, 30, 50, 75, 100, 200, 400, 1000, 2000, 4000, 10000, 20000, 50000]

  private static let engineFamilies: [(String, String, [Double])] = [
    ("vllm:kv_block_lifetime_seconds", "Histogram of KV cache block lifetime from allocation to eviction.", seconds),
    (
      "vllm:kv_block_idle_before_evict_seconds", "Histogram of idle time before KV cache block eviction.", seconds
    ),
    (
      "vllm:kv_block_reuse_gap_seconds", "Histogram of time gaps between consecutive KV cache block accesses.", seconds
    ),
    ("vllm:nixl_xfer_time_seconds", "Histogram of transfer duration for NIXL KV Cache transfers.", seconds),
    ("vllm:nixl_post_time_seconds", "Histogram of transfer post time for NIXL KV Cache transfers.", seconds),
    (
      "vllm:nixl_bytes_transferred", "Histogram of bytes transferred per NIXL KV Cache transfers.",
      (20..<36).map { Double(1 << $0) }
    ),
    ("vllm:nixl_num_descriptors", "Histogram of number of descriptors per NIXL KV Cache transfers.", counts),
  ]

  private static let routes = [
    "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/models",
    "/v1/audio/transcriptions", "/v1/audio/translations", "/v1/score", "/v1/rerank", "/v2/rerank", "/tokenize",
    "/detokenize", "/pooling", "/classify", "/score", "/rerank", "/invocations", "/ping", "/health", "/load",
    "/version",
    "/metrics", "/server_info", "/reset_prefix_cache", "/sleep", "/wake_up", "/is_sleeping",
  ]
}
