extension EngineMetrics {
  /// The engines known without configuration.
  package static let builtIn: [EngineMetrics] = [vllm, sglang, trtllmServe, tritonTensorRTLLM, triton]

  /// vLLM since the V1 engine.
  package static let vllm = EngineMetrics(
    name: "vllm",
    waiting: .series("vllm:num_requests_waiting"),
    running: .series("vllm:num_requests_running"),
    kvUsage: .series("vllm:kv_cache_usage_perc"),
    lora: .series("vllm:lora_requests_info"),
    cacheInfo: .series("vllm:cache_config_info"),
    work: .series("vllm:prompt_tokens_total"))

  /// SGLang.
  package static let sglang = EngineMetrics(
    name: "sglang",
    waiting: .series("sglang:num_queue_reqs"),
    running: .series("sglang:num_running_reqs"),
    kvUsage: .series("sglang:token_usage"),
    cacheInfo: .series("sglang:cache_config_info"),
    cacheBlockSizeLabel: "page_size",
    cacheBlockCountLabel: "num_pages",
    work: .series("sglang:prompt_tokens_total"))

  /// TensorRT-LLM behind `trtllm-serve`.
  package static let trtllmServe = EngineMetrics(
    name: "trtllm-serve",
    waiting: .series("trtllm_num_requests_waiting"),
    running: .series("trtllm_num_requests_running"),
    kvUsage: .series("trtllm_kv_cache_utilization"),
    cacheBlockSize: .series("trtllm_kv_cache_tokens_per_block"),
    cacheBlockCount: .series("trtllm_kv_cache_max_blocks"))

  /// TensorRT-LLM behind Triton.
  package static let tritonTensorRTLLM = EngineMetrics(
    name: "triton-tensorrt-llm",
    waiting: .series("nv_trt_llm_request_metrics", where: "request_type", is: "waiting"),
    running: .series("nv_trt_llm_request_metrics", where: "request_type", is: "scheduled"),
    kvUsage: .series(blockMetrics, where: blockType, is: "fraction"),
    cacheBlockSize: .series(blockMetrics, where: blockType, is: "tokens_per"),
    cacheBlockCount: .series(blockMetrics, where: blockType, is: "max"))

  /// Triton with any backend.
  package static let triton = EngineMetrics(
    name: "triton",
    waiting: .series("nv_inference_pending_request_count"),
    running: .series("nv_inference_exec_count"))

  /// What Prometheus client libraries tell of the process they run in.
  package static let processStartTime = MetricSpec.series("process_start_time_seconds")

  private static let blockMetrics = "nv_trt_llm_kv_cache_block_metrics"
  private static let blockType = "kv_cache_block_type"
}

extension MetricSpec {
  fileprivate static func series(_ name: String) -> MetricSpec { MetricSpec(name: name, labels: []) }

  fileprivate static func series(_ name: String, where label: String, is value: String) -> MetricSpec {
    MetricSpec(name: name, labels: [Label(name: label, value: value)])
  }
}
