import ModelServerMetrics
import Testing

@Suite("Engines")
struct EngineTests {
  @Test("each built-in engine's page is read by its own names")
  func pages() throws {
    let pages: [String: (page: String, expected: [Double?])] = [
      "vllm": (
        """
        # TYPE vllm:num_requests_waiting gauge
        vllm:num_requests_waiting{model_name="m"} 4
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{model_name="m"} 5
        # TYPE vllm:kv_cache_usage_perc gauge
        vllm:kv_cache_usage_perc{model_name="m"} 0.5
        # TYPE vllm:cache_config_info gauge
        vllm:cache_config_info{block_size="16",num_gpu_blocks="100"} 1
        """, [4, 5, 0.5, 16, 100]
      ),
      "sglang": (
        """
        # TYPE sglang:num_queue_reqs gauge
        sglang:num_queue_reqs{model_name="m"} 4
        # TYPE sglang:num_running_reqs gauge
        sglang:num_running_reqs{model_name="m"} 5
        # TYPE sglang:token_usage gauge
        sglang:token_usage{model_name="m"} 0.28
        # TYPE sglang:cache_config_info gauge
        sglang:cache_config_info{page_size="64",num_pages="200"} 1
        """, [4, 5, 0.28, 64, 200]
      ),
      "trtllm-serve": (
        """
        # TYPE trtllm_num_requests_waiting gauge
        trtllm_num_requests_waiting 4
        # TYPE trtllm_num_requests_running gauge
        trtllm_num_requests_running 5
        # TYPE trtllm_kv_cache_utilization gauge
        trtllm_kv_cache_utilization 0.75
        # TYPE trtllm_kv_cache_tokens_per_block gauge
        trtllm_kv_cache_tokens_per_block 32
        # TYPE trtllm_kv_cache_max_blocks gauge
        trtllm_kv_cache_max_blocks 300
        """, [4, 5, 0.75, 32, 300]
      ),
      "triton-tensorrt-llm": (
        """
        # TYPE nv_trt_llm_request_metrics gauge
        nv_trt_llm_request_metrics{model="t",request_type="max",version="1"} 999
        nv_trt_llm_request_metrics{model="t",request_type="waiting",version="1"} 4
        nv_trt_llm_request_metrics{model="t",request_type="scheduled",version="1"} 5
        # TYPE nv_trt_llm_kv_cache_block_metrics gauge
        nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="t"} 0.125
        nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="tokens_per",model="t"} 64
        nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="used",model="t"} 998
        nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max",model="t"} 6239
        """, [4, 5, 0.125, 64, 6239]
      ),
      "triton": (
        """
        # TYPE nv_inference_pending_request_count gauge
        nv_inference_pending_request_count{model="a",version="1"} 3
        nv_inference_pending_request_count{model="b",version="1"} 1
        # TYPE nv_inference_exec_count counter
        nv_inference_exec_count{model="a",version="1"} 5
        """, [4, 5, nil, nil, nil]
      ),
    ]
    #expect(Set(pages.keys) == Set(EngineMetrics.builtIn.map(\.name)))
    for engine in EngineMetrics.builtIn {
      let expected = try #require(pages[engine.name])
      let reading = scan(expected.page, ScanPlan(engine: engine))
      #expect(Array(ReadingValues(reading).numbers.prefix(5)) == expected.expected, "\(engine.name)")
      #expect(reading.missing == [], "\(engine.name)")
    }
  }

  @Test("an endpoint's label chooses the engine, the newer key first; unknown names get the default engine")
  func choice() throws {
    let catalog = try EngineCatalog(defaultEngine: "sglang")
    func name(_ labels: [String: String]) -> String { catalog.engines[catalog.index(forLabels: labels)].name }
    #expect(name([:]) == "sglang")
    #expect(name(["inference.networking.k8s.io/engine-type": "vllm"]) == "vllm")
    #expect(
      name(["llm-d.ai/engine-type": "triton", "inference.networking.k8s.io/engine-type": "vllm"]) == "triton")
    #expect(name(["llm-d.ai/engine-type": "mlx"]) == "sglang")

    let own = try EngineCatalog(labelKey: "engine")
    #expect(own.engines[own.index(forLabels: ["engine": "triton"])].name == "triton")
    #expect(own.engines[own.index(forLabels: ["llm-d.ai/engine-type": "triton"])].name == "vllm")
  }

  @Test("configured engines replace built-in ones of the same name")
  func configured() throws {
    var vllm = EngineMetrics(name: "vllm")
    vllm.waiting = try MetricSpec("queue{kind=all}")
    let extractor = try CoreMetricsExtractor(catalog: EngineCatalog(engineConfigs: [vllm]))
    let reading = scan(
      "# TYPE queue gauge\nqueue{kind=\"none\"} 1\nqueue{kind=\"all\"} 9\n", extractor.plan(forLabels: [:]))
    #expect(reading.waitingQueueSize == 9)
    #expect(reading.missing == [])
    #expect(extractor.catalog.engines.count == EngineMetrics.builtIn.count)
  }

  @Test("errors name the field")
  func errors() throws {
    func field(_ body: () throws -> Void) -> String? {
      do {
        try body()
        return nil
      } catch {
        return (error as? EngineCatalogError)?.field
      }
    }
    #expect(field { _ = try EngineCatalog(defaultEngine: "x") } == "defaultEngine")
    #expect(field { _ = try EngineCatalog(engineConfigs: [.init(name: "")]) } == "engineConfigs[0].name")
    #expect(field { _ = try EngineCatalog(engineConfigs: [.init(name: "default")]) } == "engineConfigs[0].name")
    #expect(
      field { _ = try EngineCatalog(engineConfigs: [.init(name: "a"), .init(name: "a")]) } == "engineConfigs[1].name")
    let spec = try MetricSpec("m")
    for keys in [[""], ["a", "a"]] {
      #expect(
        field {
          _ = try CoreMetricsExtractor(
            catalog: EngineCatalog(), customMetrics: keys.map { CustomMetric(attributeKey: $0, spec: spec) })
        } == "customMetrics[\(keys.count - 1)].attributeKey")
    }
  }
}
