/// Makes metrics pages like those of a vLLM server with several data parallel engines: the families the picker reads
/// among histograms, process and HTTP metrics, about 70 KB with the default of histograms.
struct VLLMPage {
  struct Engine {
    var waiting = 0.0
    var running = 0.0
    var kvUsage = 0.0
    var blocks = 0
  }

  var model = "meta-llama/Llama-3.1-8B-Instruct"
  var engines = [Engine(waiting: 3, running: 12, kvUsage: 0.437_209_302_325_581_4, blocks: 27_000)]
  var blockSize = 16
  /// `running`, `waiting`, `max_lora` and the value of each LoRA series.
  var lora: [(running: String, waiting: String, maximum: Int, time: Double)] = []
  var histograms = 22

  var text: String {
    var page = ""
    for name in ["python_gc_objects_collected_total", "python_gc_collections_total"] {
      page += "# HELP \(name) Collected by the garbage collector\n# TYPE \(name) counter\n"
      for generation in 0..<3 { page += "\(name){generation=\"\(generation)\"} \(generation * 917 + 12).0\n" }
    }
    for (name, value) in [
      ("process_virtual_memory_bytes", "1.8213392384e+010"), ("process_resident_memory_bytes", "7.31029504e+08"),
      ("process_start_time_seconds", "1.76200141192e+09"), ("process_open_fds", "112.0"),
    ] {
      page += "# HELP \(name) Of the process.\n# TYPE \(name) gauge\n\(name) \(value)\n"
    }
    page += family("num_requests_running", "gauge") { "\($0.running)" }
    page += family("num_requests_waiting", "gauge") { "\($0.waiting)" }
    page += family("kv_cache_usage_perc", "gauge") { "\($0.kvUsage)" }
    page += family("num_preemptions_total", "counter") { _ in "0.0" }
    page += family("prompt_tokens_total", "counter") { _ in "1.9273912e+07" }
    page += family("prefix_cache_hits_total", "counter") { _ in "8.129e+06" }
    for histogram in 0..<histograms {
      let name = "request_phase_\(histogram)_time_seconds"
      page += "# HELP vllm:\(name) Histogram of the time requests spend in a phase.\n# TYPE vllm:\(name) histogram\n"
      for (index, engine) in engines.enumerated() {
        for bucket in 0..<24 {
          page += "vllm:\(name)_bucket{\(labels(index)),le=\"\(Double(bucket) * 0.25)\"} \(bucket * 40).0\n"
        }
        page += "vllm:\(name)_bucket{\(labels(index)),le=\"+Inf\"} 991.0\n"
        page += "vllm:\(name)_count{\(labels(index))} 991.0\nvllm:\(name)_sum{\(labels(index))} \(engine.running)\n"
      }
    }
    if !lora.isEmpty {
      page += "# HELP vllm:lora_requests_info Running stats on lora requests.\n# TYPE vllm:lora_requests_info gauge\n"
      for series in lora {
        page += "vllm:lora_requests_info{max_lora=\"\(series.maximum)\",running_lora_adapters=\"\(series.running)\""
        page += ",waiting_lora_adapters=\"\(series.waiting)\"} \(series.time)\n"
      }
    }
    page += "# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig\n"
    page += "# TYPE vllm:cache_config_info gauge\n"
    for (index, engine) in engines.enumerated() {
      page += "vllm:cache_config_info{block_size=\"\(blockSize)\",cache_dtype=\"auto\",calculate_kv_scales=\"False\","
      page += "cpu_offload_gb=\"0\",enable_prefix_caching=\"True\",engine=\"\(index)\",gpu_memory_utilization=\"0.9\","
      page += "num_cpu_blocks=\"None\",num_gpu_blocks=\"\(engine.blocks)\",num_gpu_blocks_override=\"None\","
      page += "prefix_caching_hash_algo=\"builtin\",sliding_window=\"None\",swap_space=\"4\"} 1.0\n"
    }
    return page
  }

  var bytes: [UInt8] { Array(text.utf8) }

  private func labels(_ engine: Int) -> String { "engine=\"\(engine)\",model_name=\"\(model)\"" }

  private func family(_ name: String, _ type: String, _ value: (Engine) -> String) -> String {
    var text = "# HELP vllm:\(name) Help with \\\\ and \\n.\n# TYPE vllm:\(name) \(type)\n"
    for (index, engine) in engines.enumerated() { text += "vllm:\(name){\(labels(index))} \(value(engine))\n" }
    return text
  }
}
