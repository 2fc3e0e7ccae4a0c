/// The histograms that a vLLM server feeds, by their place on its metrics page.
enum HistogramFamily: Int, CaseIterable, Sendable {
  case promptTokens
  case generationTokens
  case iterationTokens
  case maxGenerationTokens
  case paramsN
  case paramsMaxTokens
  case timeToFirstToken
  case interTokenLatency
  case timePerOutputToken
  case endToEndLatency
  case queueTime
  case inferenceTime
  case prefillTime
  case decodeTime
  case prefillComputedTokens

  /// The metric's name as vLLM exposes it.
  var name: String {
    switch self {
    case .promptTokens: "vllm:request_prompt_tokens"
    case .generationTokens: "vllm:request_generation_tokens"
    case .iterationTokens: "vllm:iteration_tokens_total"
    case .maxGenerationTokens: "vllm:request_max_num_generation_tokens"
    case .paramsN: "vllm:request_params_n"
    case .paramsMaxTokens: "vllm:request_params_max_tokens"
    case .timeToFirstToken: "vllm:time_to_first_token_seconds"
    case .interTokenLatency: "vllm:inter_token_latency_seconds"
    case .timePerOutputToken: "vllm:request_time_per_output_token_seconds"
    case .endToEndLatency: "vllm:e2e_request_latency_seconds"
    case .queueTime: "vllm:request_queue_time_seconds"
    case .inferenceTime: "vllm:request_inference_time_seconds"
    case .prefillTime: "vllm:request_prefill_time_seconds"
    case .decodeTime: "vllm:request_decode_time_seconds"
    case .prefillComputedTokens: "vllm:request_prefill_kv_computed_tokens"
    }
  }

  /// The text of the HELP line.
  var help: String {
    switch self {
    case .promptTokens: "Number of prefill tokens processed."
    case .generationTokens: "Number of generation tokens processed."
    case .iterationTokens: "Histogram of number of tokens per engine_step."
    case .maxGenerationTokens: "Histogram of maximum number of requested generation tokens."
    case .paramsN: "Histogram of the n request parameter."
    case .paramsMaxTokens: "Histogram of the max_tokens request parameter."
    case .timeToFirstToken: "Histogram of time to first token in seconds."
    case .interTokenLatency: "Histogram of inter-token latency in seconds."
    case .timePerOutputToken: "Histogram of time_per_output_token_seconds per request."
    case .endToEndLatency: "Histogram of e2e request latency in seconds."
    case .queueTime: "Histogram of time spent in WAITING phase for request."
    case .inferenceTime: "Histogram of time spent in RUNNING phase for request."
    case .prefillTime: "Histogram of time spent in PREFILL phase for request."
    case .decodeTime: "Histogram of time spent in DECODE phase for request."
    case .prefillComputedTokens: "Histogram of new KV tokens computed during prefill (excluding cached tokens)."
    }
  }

  /// Upper bounds of its buckets, for a server whose context holds `maxTokens`.
  func bounds(maxTokens: Int) -> [Double] {
    switch self {
    case .promptTokens, .generationTokens, .maxGenerationTokens, .paramsMaxTokens, .prefillComputedTokens:
      Histogram.oneTwoFive(upTo: maxTokens)
    case .iterationTokens: [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
    case .paramsN: [1, 2, 5, 10, 20]
    case .timeToFirstToken:
      [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
        2560,
      ]
    case .interTokenLatency, .timePerOutputToken:
      [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80]
    case .endToEndLatency, .queueTime, .inferenceTime, .prefillTime, .decodeTime:
      [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680]
    }
  }
}
