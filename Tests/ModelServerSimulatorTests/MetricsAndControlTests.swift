import Foundation
import ModelServerSimulator
import Testing

@Suite struct MetricsAndControlTests {
  private let chat = #"{"model":"m","messages":[{"role":"user","content":"hello"}],"max_tokens":3"#
  private let labels = #"{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"}"#

  @Test func theMetricsPageIsValidAndAsLargeAsAskedFor() throws {
    for bytes in [0, 70_000, 300_000] {
      let page = try RunningServer { $0.metricsPageBytes = bytes }.client().request("GET", "/metrics")
      #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(page.body.count >= bytes)
      #expect(page.body.count < max(bytes, 65_000) + 4000)
      try checkExposition(page.text)
    }
  }

  /// Every sample belongs to the family declared last, no series comes twice, histograms rise to their count.
  private func checkExposition(_ text: String) throws {
    var families: Set<Substring> = []
    var series: Set<Substring> = []
    var family: (name: Substring, type: Substring) = ("", "")
    var bucket = 0.0
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ")
        family = (words[2], words[3])
        #expect(families.insert(words[2]).inserted, "\(line)")
      } else if !line.hasPrefix("#") {
        let space = try #require(line.lastIndex(of: " "))
        let value = try #require(Double(String(line[line.index(after: space)...])))
        #expect(series.insert(line[..<space]).inserted, "\(line)")
        let name = line[..<(line.firstIndex { $0 == "{" || $0 == " " } ?? space)]
        let suffix = name.dropFirst(family.name.count)
        #expect(name.hasPrefix(family.name) && (suffix.isEmpty || family.type == "histogram"), "\(line)")
        if suffix == "_bucket" {
          #expect(value >= bucket, "\(line)")
          bucket = value
        } else if suffix == "_count" {
          #expect(value == bucket, "\(line)")
          bucket = 0
        }
      }
    }
    #expect(text.hasSuffix("\n"))
    for name in ["vllm:cache_config_info", "vllm:time_to_first_token_seconds", "process_start_time_seconds"] {
      #expect(families.contains(Substring(name)))
    }
  }

  @Test func metricsFollowTheEngine() throws {
    let server = try RunningServer {
      $0.timeScale = 1
      $0.engine.maxSequences = 1
      $0.models = ["base"]
      $0.adapters = ["a", "b"]
    }
    let clients = try ["a", "b"].map { model in
      let client = try server.client()
      let body = #"{"model":"\#(model)","prompt":"\#(String(repeating: "x", count: 4000))","max_tokens":100000}"#
      try client.send("POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body)
      _ = try server.wait { $0["in_flight"] ?? 0 >= (model == "a" ? 1 : 2) }
      return client
    }
    let samples = try server.metrics()
    let labels = #"{engine="0",model_name="base"}"#
    #expect(samples["vllm:num_requests_running" + labels] == 1)
    #expect(samples["vllm:num_requests_waiting" + labels] == 1)
    let usage = try #require(samples["vllm:kv_cache_usage_perc" + labels])
    #expect(usage >= 63.0 / 8192 && usage < 0.1)
    let adapters = samples.filter { $0.key.hasPrefix("vllm:lora_requests_info") }.max { $0.value < $1.value }
    #expect(
      adapters?.key
        == #"vllm:lora_requests_info{max_lora="4",running_lora_adapters="a",waiting_lora_adapters="b"}"#)
    withExtendedLifetime(clients) {}
  }

  @Test func countersAndHistogramsCountFinishedRequests() throws {
    let server = try RunningServer()
    let client = try server.client()
    for _ in 0..<2 { _ = try client.request("POST", "/v1/chat/completions", body: chat + "}") }
    let samples = try server.metrics()
    #expect(samples["vllm:generation_tokens_total" + labels] == 6)
    #expect(samples["vllm:request_generation_tokens_sum" + labels] == 6)
    #expect(samples["vllm:time_to_first_token_seconds_count" + labels] == 2)
    #expect(samples["vllm:inter_token_latency_seconds_count" + labels] == 4)
    #expect(samples["vllm:e2e_request_latency_seconds_count" + labels] == 2)
    // Three steps of 12 ms each.
    let latency = try #require(samples["vllm:e2e_request_latency_seconds_sum" + labels])
    #expect(abs(latency - 0.072) < 1e-6)
  }

  @Test func controlOverridesWhatIsReported() throws {
    let server = try RunningServer()
    let client = try server.client()
    let set = try client.request(
      "POST", "/control", body: #"{"queue":7,"running":3,"kv":0.25,"num_gpu_blocks":99,"delay_metrics_ms":1}"#)
    #expect(set.status == 200)
    var samples = try server.metrics()
    #expect(samples["vllm:num_requests_waiting" + labels] == 7)
    #expect(samples["vllm:num_requests_running" + labels] == 3)
    #expect(samples["vllm:kv_cache_usage_perc" + labels] == 0.25)
    #expect(samples.keys.contains { $0.hasPrefix("vllm:cache_config_info") && $0.contains(#"num_gpu_blocks="99""#) })
    _ = try client.request("POST", "/control", body: #"{"queue":null}"#)
    samples = try server.metrics()
    #expect(samples["vllm:num_requests_waiting" + labels] == 0)
    #expect(samples["vllm:num_requests_running" + labels] == 3)
  }

  @Test func controlMakesTheServerFail() throws {
    let client = try RunningServer().client()
    _ = try client.request("POST", "/control", body: #"{"fail_metrics":true,"fail_requests_status":503}"#)
    #expect(try client.request("GET", "/metrics").status == 503)
    #expect(try client.request("POST", "/v1/chat/completions", body: chat + "}").status == 503)
    #expect(try client.request("GET", "/health").status == 200)
    _ = try client.request("POST", "/control", body: #"{"fail_metrics":false,"fail_requests_status":null}"#)
    #expect(try client.request("GET", "/metrics").status == 200)
    #expect(try client.request("POST", "/v1/chat/completions", body: chat + "}").status == 200)
  }

  @Test(arguments: [
    (#"{"queue":-1}"#, "queue"), (#"{"queue":"x"}"#, "queue"), (#"{"kv":1.5}"#, "kv"),
    (#"{"fail_requests_status":200}"#, "fail_requests_status"), (#"{"restart":1}"#, "restart"), (#"{"que":1}"#, "que"),
    ("{", ""),
  ])
  func controlNamesABadField(body: String, field: String) throws {
    let response = try RunningServer().client().request("POST", "/control", body: body)
    #expect(response.status == 400)
    #expect(try at(parse(response.body), "error", "param") as? String ?? "" == field)
  }

  @Test func aRestartDropsRequestsCacheAndCounters() throws {
    let server = try RunningServer { $0.timeScale = 1 }
    let client = try server.client()
    _ = try client.request("POST", "/control", body: #"{"queue":7}"#)
    _ = try client.request("POST", "/v1/completions", body: #"{"prompt":"a","max_tokens":1}"#)
    let victim = try server.client()
    let body = #"{"prompt":"abc","max_tokens":100000}"#
    try victim.send("POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body)
    _ = try server.wait { $0["in_flight"] == 1 }
    #expect(try client.request("POST", "/control", body: #"{"restart":true,"num_gpu_blocks":50}"#).status == 200)
    #expect(throws: HTTPClient.Failure.self) { try victim.readResponse() }
    let statistics = try server.statistics()
    #expect(statistics["requests"] == 0)
    #expect(statistics["in_flight"] == 0)
    #expect(statistics["num_gpu_blocks"] == 50)
    let samples = try server.metrics()
    #expect(samples["vllm:generation_tokens_total" + labels] == 0)
    #expect(samples["vllm:num_requests_waiting" + labels] == 0)
    #expect(try client.request("POST", "/v1/completions", body: #"{"prompt":"a"}"#).status == 200)
  }
}
