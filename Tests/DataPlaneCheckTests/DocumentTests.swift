import DataPlaneCheck
import Testing

@Suite("Documents")
struct DocumentTests {
  @Test("A dump says the same as the file it came from, whether its parts are static or discovered")
  func dump() throws {
    let dump = """
      {"configs": [
        {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"static_resources": {}}},
        {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
         "static_clusters": [{"cluster": {"name": "epp", "http2_protocol_options": {}}}],
         "dynamic_active_clusters": [{"cluster": {"name": "pool", "type": "ORIGINAL_DST", "original_dst_lb_config":
           {"use_http_header": true, "http_header_name": "x-gateway-destination-endpoint"}}}]},
        {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
         "dynamic_listeners": [{"name": "gateway", "active_state": {"listener": {"name": "gateway", "filter_chains":
           [{"filters": [{"name": "hcm", "typed_config": {
             "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
             "rds": {"route_config_name": "routes"},
             "http_filters": [{"name": "endpointpicker", "config_discovery": {}}]}}]}]}}}]},
        {"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
         "dynamic_route_configs": [{"route_config": {"name": "routes", "virtual_hosts": [{"name": "all", "routes":
           [{"match": {"prefix": "/"}, "route": {"cluster": "pool", "timeout": "0s"}}]}]}}]},
        {"@type": "type.googleapis.com/envoy.admin.v3.EcdsConfigDump",
         "ecds_filters": [{"ecds_filter": {"name": "endpointpicker", "typed_config": {
           "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor",
           "grpc_service": {"envoy_grpc": {"cluster_name": "epp"}},
           "processing_mode": {"request_body_mode": 4, "request_trailer_mode": 1, "response_body_mode":
             "FULL_DUPLEX_STREAMED", "response_trailer_mode": "SEND"}}}}]}
      ]}
      """
    let report = try check(dump)
    #expect(report.paths.map(\.place) == ["listener \"gateway\", route \"all, /\""])
    #expect(
      report.summary == [
        "warning stream-limit", "warning fallback", "notice picker-tls", "notice failure-mode", "notice metadata",
      ])
  }

  @Test(
    "What is no configuration is refused with a reason",
    arguments: [
      ("{}", "neither an Envoy configuration dump"), ("a: [", "bad YAML"), ("", "neither"),
      ("static_resources: {}\n", "no listeners"), ("{\"configs\": 1}", "neither"), ("[1, 2]", "neither"),
    ])
  func refused(_ text: String, _ reason: String) {
    let error = #expect(throws: CheckError.self) { try check(text) }
    #expect(error?.description.contains(reason) == true)
  }

  @Test("Values of other types than expected read as absent")
  func oddValues() throws {
    let text = ProxyConfiguration.aiGatewayDuplex.text
      .replacing("timeout: 300s", with: "timeout: [1]").replacing("processing_mode: {", with: "processing_mode: 7 #{")
    #expect(try check(text).summary.contains("warning request-body-mode"))
  }
}

@Suite("Streams that a running picker sees")
struct ObservedStreamsTests {
  @Test("Full duplex is well")
  func duplex() {
    let streams = ObservedStreams(
      counts: [.init(request: .fullDuplexStreamed, response: .fullDuplexStreamed): 10], open: 40)
    #expect(streams.findings.isEmpty)
  }

  @Test("Modes without a body before the pick, and buffered responses, are told of with their share")
  func modes() {
    let streams = ObservedStreams(counts: [
      .init(request: .none, response: .none): 3, .init(request: .buffered, response: .buffered): 1,
    ])
    #expect(
      streams.findings.map { "\($0.severity.name) \($0.rule)" } == [
        "warning request-body-mode", "warning response-body-mode", "notice buffer-limit",
      ])
    #expect(streams.findings.first?.place == "3 streams (75 %)")
  }

  @Test("A number of open streams just below a proxy's default limit is told of, one beyond it is not")
  func open() {
    #expect(ObservedStreams(open: 1_024).findings.map(\.rule) == ["stream-limit"])
    #expect(ObservedStreams(open: 3_000).findings.isEmpty)
  }

  @Test("The picker's metrics tell its streams")
  func metrics() throws {
    let page = """
      # TYPE epp_streams gauge
      epp_streams 12
      # TYPE epp_streams_by_mode_total counter
      epp_streams_by_mode_total{request_body_mode="NONE",response_body_mode="NONE"} 30
      epp_streams_by_mode_total{request_body_mode="unknown",response_body_mode="unknown"} 1
      other_total 5
      """
    let streams = try ObservedStreams(metrics: page, source: "m")
    #expect(streams == ObservedStreams(counts: [.init(request: .none, response: .none): 30], undeclared: 1, open: 12))
    #expect(throws: CheckError.self) { try ObservedStreams(metrics: "other_total 5", source: "m") }
    let report = CheckReport(streams, source: "m")
    #expect(report.exitStatus == 1)
    #expect(report.text.contains("30 streams (97 %): the proxy sends request bodies in mode NONE"))
  }
}
