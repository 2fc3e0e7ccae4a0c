import RequestTracing
import Testing

@Suite("Tracing by environment variables")
struct TracingSettingsTests {
  private let on = ["OTEL_TRACES_EXPORTER": "otlp"]

  private func settings(_ environment: [String: String]) throws -> TracingSettings? {
    try TracingSettings(environment: environment) { _ in }
  }

  @Test(
    "Tracing is on only when something asks for it",
    arguments: [
      ([:], false), (["OTEL_TRACES_EXPORTER": "otlp"], true), (["OTEL_TRACES_EXPORTER": "none"], false),
      (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"], true), (["OTEL_EXPORTER_OTLP_ENDPOINT": ""], false),
      (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_TRACES_EXPORTER": "none"], false),
      (["OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"], false),
    ])
  func onOrOff(_ environment: [String: String], _ isOn: Bool) throws {
    #expect((try settings(environment) != nil) == isOn)
  }

  @Test("The defaults are the reference's sampler and OTLP's port")
  func defaults() throws {
    let read = try #require(try settings(on))
    #expect(read.sampler == TraceSampler(.ratio(0.1), followsParent: true))
    #expect(read.collector.host == "localhost" && read.collector.port == 4_317)
    #expect(read.resource == ["service.name": "llm-d-epp"])
  }

  @Test("An exporter that is not there is told of and turns tracing off")
  func otherExporter() throws {
    var warnings: [String] = []
    let read = try TracingSettings(environment: ["OTEL_TRACES_EXPORTER": "console"]) { warnings.append($0) }
    #expect(read == nil)
    #expect(warnings.first?.contains("console") == true)
  }

  @Test(
    "Endpoints",
    arguments: [
      ("http://collector:4317", "collector", 4_317, false), ("https://collector:443", "collector", 443, true),
      ("http://10.0.0.1", "10.0.0.1", 4_317, false), ("collector:5000", "collector", 5_000, true),
      ("http://[::1]:4318/v1/traces", "::1", 4_318, false), ("http://[::1]", "::1", 4_317, false),
    ])
  func endpoint(_ text: String, _ host: String, _ port: Int, _ usesTLS: Bool) throws {
    let collector = try #require(try settings(["OTEL_EXPORTER_OTLP_ENDPOINT": text])).collector
    #expect(collector.host == host && collector.port == port && collector.usesTLS == usesTLS)
  }

  @Test("The rest of the standard variables")
  func others() throws {
    let read = try #require(
      try settings([
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://general:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces:2",
        "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20x, k=v", "OTEL_EXPORTER_OTLP_TIMEOUT": "2500",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=one,k8s.pod.name=p%2C1", "OTEL_SERVICE_NAME": "two",
        "OTEL_TRACES_SAMPLER": "always_on", "OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_SCHEDULE_DELAY": "250",
      ]))
    #expect(read.collector.host == "traces")
    #expect(read.collector.headers == ["Authorization": "Bearer x", "k": "v"])
    #expect(read.collector.timeout == 2.5)
    #expect(read.resource == ["service.name": "two", "k8s.pod.name": "p,1"])
    #expect(read.sampler == TraceSampler(.on, followsParent: false))
    #expect(read.queueSize == 100 && read.batchSize == 100 && read.delay == 0.25)
  }

  @Test("A ratio sampler that is asked for without an argument takes everything, as the standard says")
  func samplerArgument() throws {
    let name = "parentbased_traceidratio"
    #expect(
      try settings(on.merging(["OTEL_TRACES_SAMPLER": name]) { $1 })?.sampler
        == TraceSampler(.ratio(1), followsParent: true))
    #expect(
      try settings(on.merging(["OTEL_TRACES_SAMPLER_ARG": "0.25"]) { $1 })?.sampler
        == TraceSampler(.ratio(0.25), followsParent: true))
  }

  @Test(
    "Bad values are named by their variable",
    arguments: [
      ("OTEL_TRACES_SAMPLER", "sometimes"), ("OTEL_TRACES_SAMPLER_ARG", "2"), ("OTEL_TRACES_SAMPLER_ARG", "x"),
      ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x:99999"),
      ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"), ("OTEL_EXPORTER_OTLP_HEADERS", "novalue"),
      ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"), ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"), ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
    ])
  func bad(_ name: String, _ value: String) {
    let error = #expect(throws: TracingSettingsError.self) { try settings(on.merging([name: value]) { $1 }) }
    #expect(error?.description.hasPrefix(name + ": ") == true)
  }
}
