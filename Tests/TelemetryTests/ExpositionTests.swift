import Telemetry
import Testing

/// The exposition as text.
func exposition(_ registry: MetricsRegistry, _ format: ExpositionFormat = .text) -> String {
  String(decoding: registry.exposition(format), as: UTF8.self)
}

@Suite struct ExpositionTests {
  @Test func writesEveryKindInTheTextFormat() throws {
    let registry = MetricsRegistry(eventLoops: 2)
    let loop = registry.shard(forEventLoop: 0)
    try registry.counter("b_total", help: "Second.", labels: ["code", "path"]).cell(["a\"b\\c\nd", "/x"])
      .add(3, on: loop)
    try registry.gauge("a", help: "First\nline \"quoted\".").cell().set(0.25, on: loop)
    let histogram = try registry.histogram("c_seconds", help: "Third.", labels: ["m"], buckets: [0.5, 1, 1_048_576])
      .cell(["x"])
    for value in [0.5, 0.75, 2, 3e6, .nan] { histogram.observe(value, on: loop) }
    #expect(
      exposition(registry) == #"""
        # HELP a First\nline "quoted".
        # TYPE a gauge
        a 0.25
        # HELP b_total Second.
        # TYPE b_total counter
        b_total{code="a\"b\\c\nd",path="/x"} 3
        # HELP c_seconds Third.
        # TYPE c_seconds histogram
        c_seconds_bucket{m="x",le="0.5"} 1
        c_seconds_bucket{m="x",le="1"} 2
        c_seconds_bucket{m="x",le="1.048576e+06"} 3
        c_seconds_bucket{m="x",le="+Inf"} 4
        c_seconds_sum{m="x"} 3.00000325e+06
        c_seconds_count{m="x"} 4

        """#)
  }

  @Test func writesOpenMetrics() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let loop = registry.shard(forEventLoop: 0)
    try registry.counter("a_total", help: "Say \"a\".").cell().add(on: loop)
    try registry.gauge("b", help: "B.").cell().set(2, on: loop)
    try registry.histogram("c", help: "C.", buckets: [1]).cell().observe(1, on: loop)
    #expect(
      exposition(registry, .openMetrics) == #"""
        # HELP a Say \"a\".
        # TYPE a counter
        a_total 1
        # HELP b B.
        # TYPE b gauge
        b 2.0
        # HELP c C.
        # TYPE c histogram
        c_bucket{le="1.0"} 1
        c_bucket{le="+Inf"} 1
        c_sum 1.0
        c_count 1
        # EOF

        """#)
  }

  @Test(arguments: [
    (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (0.00205, "0.00205"), (0.0001, "0.0001"),
    (0.00001, "1e-05"), (123456, "123456"), (999999.5, "999999.5"), (1_000_000, "1e+06"), (65536, "65536"),
    (1_048_576, "1.048576e+06"), (1_073_741_824, "1.073741824e+09"), (1e21, "1e+21"), (1e-7, "1e-07"),
    (1.5e300, "1.5e+300"), (-0.25, "-0.25"), (Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (Double.nan, "NaN"),
    (12.5, "12.5"), (1_234_567.875, "1.234567875e+06"),
  ])
  func printsNumbersAsPrometheusClientsDo(value: Double, text: String) throws {
    let registry = MetricsRegistry(eventLoops: 0)
    try registry.gauge("x", help: "").cell().set(value, on: registry.sharedShard)
    #expect(exposition(registry).hasSuffix("\nx \(text)\n"), "\(exposition(registry))")
  }

  @Test func familiesWithoutSeriesAreNotWritten() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    _ = try registry.counter("a_total", help: "A.", labels: ["x"])
    #expect(exposition(registry).isEmpty)
    #expect(exposition(registry, .openMetrics) == "# EOF\n")
  }

  @Test(arguments: [
    (nil, ExpositionFormat.text), ("*/*", .text), ("text/plain;version=0.0.4", .text),
    ("application/openmetrics-text; version=1.0.0; charset=utf-8;q=0.5,text/plain;q=0.2", .openMetrics),
    ("application/openmetrics-text;version=2.0.0,text/plain", .text), ("application/openmetrics-text;q=0", .text),
  ])
  func picksTheFormatThatIsAskedFor(accept: String?, format: ExpositionFormat) {
    #expect(ExpositionFormat.preferred(accept: accept) == format)
  }

  @Test func collectorsWriteTheirFamiliesAfterTheRegisteredOnes() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    registry.register(
      PoolQueueCollector {
        [
          (pool: "p", samples: [.init(endpoint: "pod-rank-0", queueSize: 4)]), (pool: "empty", samples: []),
          (pool: "q", samples: [.init(endpoint: "pod-rank-0", queueSize: 5)]),
        ]
      })
    let text = exposition(registry)
    #expect(text.ranges(of: "# TYPE inference_pool_per_pod_queue_size ").count == 1)
    #expect(text.contains("\ninference_pool_per_pod_queue_size{name=\"q\",model_server_pod=\"pod-rank-0\"} 5\n"))
    #expect(text.contains("\ninference_pool_per_pod_queue_size{name=\"p\",model_server_pod=\"pod-rank-0\"} 4\n"))
    #expect(text.contains("\nllm_d_epp_per_endpoint_queue_size{name=\"p\",model_server_endpoint=\"pod-rank-0\"} 4\n"))
  }

  @Test func loadOfPoolsOnTheSameEndpointIsAddedUp() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    registry.register(
      InFlightCollector {
        [
          (producer: "x", samples: [.init(endpoint: "a", namespace: "n", requests: 1, tokens: 10)]),
          (
            producer: "x",
            samples: [
              .init(endpoint: "a", namespace: "n", requests: 2, tokens: 5),
              .init(endpoint: "b", namespace: "n", requests: 4, tokens: 0),
            ]
          ),
        ]
      })
    let labels = "namespace=\"n\",producer_name=\"x\",fairness_id=\"\",priority=\"\""
    let text = exposition(registry)
    #expect(text.contains("\nllm_d_epp_inflight_requests{endpoint_name=\"a\",\(labels)} 3\n"))
    #expect(text.contains("\nllm_d_epp_inflight_requests{endpoint_name=\"b\",\(labels)} 4\n"))
    #expect(text.contains("\nllm_d_epp_inflight_tokens{endpoint_name=\"a\",\(labels)} 15\n"))
  }

  @Test func processFamiliesHoldPlausibleValues() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    registry.register(ProcessCollector())
    var values: [Substring: Double] = [:]
    for line in exposition(registry).split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: " ")
      values[parts[0]] = Double(parts[1])
    }
    #expect(values.count == 6)
    #expect((values["process_resident_memory_bytes"] ?? 0) > 1e6)
    #expect((values["process_virtual_memory_bytes"] ?? 0) >= (values["process_resident_memory_bytes"] ?? 0))
    #expect((values["process_cpu_seconds_total"] ?? -1) >= 0)
    #expect((values["process_open_fds"] ?? 0) >= 3)
    #expect((values["process_max_fds"] ?? 0) >= (values["process_open_fds"] ?? 0))
    #expect((values["process_start_time_seconds"] ?? 0) > 1.6e9)
  }
}
