import Telemetry
import Testing

@Suite struct ReferenceMetricsTests {
  private let labels = RequestLabels(model: "food", targetModel: "food-v1", fairnessID: "default-flow", priority: 2)

  @Test func oneCallRecordsBothNames() throws {
    let registry = MetricsRegistry(eventLoops: 2)
    let metrics = try ReferenceMetrics(registry: registry)
    let recorder = RequestMetricsRecorder(metrics: metrics, shard: registry.shard(forEventLoop: 1))
    let series = recorder.series(for: labels)
    series.total.add(on: recorder.shard)
    series.beginRunning(on: recorder.shard)
    series.recordResponse(
      seconds: 2, responseBytes: 900, usage: (input: 100, output: 20, cached: 0), on: recorder.shard)
    recorder.recordError("ModelServerError", labels: labels)
    recorder.recordError("ModelServerError", labels: labels)
    recorder.recordSchedulerAttempt(targetModel: "food-v1", endpoint: 7) {
      EndpointLabels(name: "pod-rank-0", namespace: "ns", port: "8000")
    }
    recorder.recordSchedulerAttempt(targetModel: "food-v1", endpoint: nil) { nil }
    let text = exposition(registry)
    let older = "model_name=\"food\",target_model_name=\"food-v1\""
    let newer = older + ",fairness_id=\"default-flow\",priority=\"2\""
    for line in [
      "inference_objective_request_total{\(older),priority=\"2\"} 1",
      "llm_d_epp_request_total{\(newer)} 1",
      "inference_objective_request_error_total{\(older),error_code=\"ModelServerError\"} 2",
      "llm_d_epp_request_error_total{\(newer),error_code=\"ModelServerError\"} 2",
      "inference_objective_running_requests{model_name=\"food\"} 1",
      "llm_d_epp_request_running{\(newer)} 1",
      "inference_objective_request_duration_seconds_bucket{\(older),le=\"1.5\"} 0",
      "inference_objective_request_duration_seconds_bucket{\(older),le=\"2\"} 1",
      "llm_d_epp_request_duration_seconds_count{\(newer)} 1",
      "inference_objective_response_sizes_sum{\(older)} 900",
      "llm_d_epp_response_size_bytes_sum{\(newer)} 900",
      "inference_objective_input_tokens_sum{\(older)} 100",
      "llm_d_epp_request_output_tokens_sum{\(newer)} 20",
      "inference_objective_normalized_time_per_output_token_seconds_sum{\(older)} 0.1",
      "llm_d_epp_request_ntpot_seconds_sum{\(newer)} 0.1",
      "inference_extension_scheduler_attempts_total{status=\"success\",target_model_name=\"food-v1\","
        + "pod_name=\"pod-rank-0\",namespace=\"ns\",port=\"8000\"} 1",
      "llm_d_epp_scheduler_attempts_total{status=\"failure\",target_model_name=\"food-v1\","
        + "endpoint_name=\"\",namespace=\"\",port=\"\"} 1",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(
      text.contains(
        "# HELP inference_objective_request_total [ALPHA] [Deprecated: Use llm_d_epp_request_total] Requests"))
    #expect(!text.contains("prompt_cached_tokens"))
    series.endRunning(on: recorder.shard)
    #expect(exposition(registry).contains("\ninference_objective_running_requests{model_name=\"food\"} 0\n"))
  }

  @Test func olderNamesCanBeTurnedOff() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let metrics = try ReferenceMetrics(registry: registry, includesOlderNames: false)
    RequestMetricsRecorder(metrics: metrics, shard: registry.sharedShard).series(for: labels).total
      .add(on: registry.sharedShard)
    metrics.recordInfo(commit: "abc", buildReference: "v1")
    metrics.poolSeries(name: "p").record(
      PoolSample(freshEndpoints: 0, kvCacheUtilization: .init([]), queueSize: .init([]), runningRequests: .init([])),
      on: registry.sharedShard)
    let text = exposition(registry)
    #expect(text.contains("\nllm_d_epp_info{commit=\"abc\",build_ref=\"v1\"} 1\n"))
    #expect(!text.contains("inference_"))
  }

  @Test func poolGaugesKeepTheirAveragesWhileNoEndpointIsFresh() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let pool = try ReferenceMetrics(registry: registry).poolSeries(name: "p")
    var sample = PoolSample(
      freshEndpoints: 3, kvCacheUtilization: .init([0.1, 0.2, 0.205]), queueSize: .init([1, 2, 3]),
      runningRequests: .init([4, 4, 4]))
    pool.record(sample, on: registry.sharedShard)
    sample.freshEndpoints = 0
    pool.record(sample, on: registry.sharedShard)
    let text = exposition(registry)
    for line in [
      "inference_pool_ready_pods{name=\"p\"} 0", "llm_d_epp_ready_endpoints{name=\"p\"} 0",
      "inference_pool_average_queue_size{name=\"p\"} 2", "llm_d_epp_std_dev_queue_size{name=\"p\"} 0.82",
      "llm_d_epp_average_kv_cache_utilization{name=\"p\"} 0.17",
      "inference_pool_average_running_requests{name=\"p\"} 4",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
  }

  @Test func poolThatIsGoneIsNotTold() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let metrics = try ReferenceMetrics(registry: registry)
    let sample = PoolSample(
      freshEndpoints: 1, kvCacheUtilization: .init([0.5]), queueSize: .init([1]), runningRequests: .init([4]))
    for name in ["p", "q"] {
      metrics.poolSeries(name: name).record(sample, on: registry.sharedShard)
      metrics.poolSaturationSeries(pool: name).set(0.5, on: registry.sharedShard)
    }
    metrics.removePool("p")
    #expect(!exposition(registry).contains("\"p\""))
    #expect(exposition(registry).contains("inference_pool_average_queue_size{name=\"q\"} 1\n"))
    metrics.poolSeries(name: "p").record(sample, on: registry.sharedShard)
    #expect(exposition(registry).contains("inference_pool_average_queue_size{name=\"p\"} 1\n"))
  }

  @Test func rewritesAreCountedUnderBothNames() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let metrics = try ReferenceMetrics(registry: registry)
    metrics.rewriteDecisionsSeries(rewrite: "canary", model: "food", target: "food-v2").add(on: registry.sharedShard)
    let text = exposition(registry)
    for prefix in ["inference_extension_", "llm_d_epp_"] {
      #expect(
        text.contains(
          "\n\(prefix)model_rewrite_decisions_total{model_rewrite_name=\"canary\",model_name=\"food\","
            + "target_model=\"food-v2\"} 1\n"))
    }
  }

  @Test func requestsWithoutAModelAreNotCountedAsRunning() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let recorder = RequestMetricsRecorder(
      metrics: try ReferenceMetrics(registry: registry), shard: registry.sharedShard)
    let labels = RequestLabels(model: "", targetModel: "", fairnessID: "", priority: 0)
    recorder.series(for: labels).beginRunning(on: recorder.shard)
    #expect(!exposition(registry).contains("running"))
  }

  @Test func manyClientModelsEndAsOther() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let metrics = try ReferenceMetrics(registry: registry, maximumLabelValues: 3)
    metrics.modelNames.keep(["base"])
    let recorder = RequestMetricsRecorder(metrics: metrics, shard: registry.sharedShard)
    for index in 0..<50 {
      let labels = RequestLabels(model: "m\(index)", targetModel: "base", fairnessID: "f", priority: 0)
      recorder.series(for: labels).total.add(on: recorder.shard)
    }
    let text = exposition(registry)
    #expect(
      text.contains(
        "\ninference_objective_request_total{model_name=\"other\",target_model_name=\"base\",priority=\"0\"} 47\n"))
    #expect(!text.contains("\"m3\""))
  }
}
