import DataPlaneCheck
import Testing

/// One change to a configuration, and what it breaks.
struct Breakage: CustomTestStringConvertible {
  let configuration: ProxyConfiguration
  let old: String
  let new: String
  let expected: String

  init(_ configuration: ProxyConfiguration, _ old: String, _ new: String, _ expected: String) {
    self.configuration = configuration
    self.old = old
    self.new = new
    self.expected = expected
  }

  var testDescription: String { "\(configuration.rawValue): \(new.isEmpty ? "without \(old)" : new)" }

  static let all: [Breakage] = [
    // Every configuration: the picker is out of reach, or not heard.
    Breakage(.aiGatewayDuplex, "{cluster_name: epp}", "{cluster_name: other}", "error picker-cluster"),
    Breakage(.aiGatewayDuplex, "{http2_protocol_options: {}}", "{http_protocol_options: {}}", "error picker-cluster"),
    Breakage(.aiGatewayDuplex, "message_timeout: 300s", "observability_mode: true", "error answers-ignored"),
    Breakage(.aiGatewayDuplex, "request_header_mode: SEND", "request_header_mode: SKIP", "error answers-ignored"),
    Breakage(
      .aiGatewayDuplex, "message_timeout: 300s", "mutation_rules: {disallow_all: true}", "error answers-ignored"),
    Breakage(
      .aiGatewayDuplex, "message_timeout: 300s", "mutation_rules: {disallow_expression: {regex: \"x-gateway-.*\"}}",
      "error answers-ignored"),
    Breakage(
      .aiGatewayDuplex, "request_trailer_mode: SEND", "request_trailer_mode: SKIP", "error trailers"),
    Breakage(
      .aiGatewayDuplex, "response_trailer_mode: SEND", "response_trailer_mode: SKIP", "error trailers"),
    Breakage(.aiGatewayDuplex, "failure_mode_allow: false", "failure_mode_allow: true", "warning failure-mode"),
    Breakage(.aiGatewayDuplex, "type: ORIGINAL_DST", "type: STRICT_DNS", "error pick-not-followed"),
    Breakage(.aiGatewayDuplex, "use_http_header: true, ", "", "error pick-not-followed"),
    Breakage(
      .aiGatewayDuplex, ", http_header_name: x-gateway-destination-endpoint", "", "error pick-not-followed"),
    Breakage(.aiGatewayDuplex, "cluster: pool", "cluster: elsewhere", "error pick-not-followed"),
    Breakage(.aiGatewayDuplex, ", timeout: 300s", "", "warning route-timeout"),
    Breakage(
      .aiGatewayDuplex, "envoy_grpc: {cluster_name: epp}", "envoy_grpc: {cluster_name: epp}, timeout: 10s",
      "warning stream-timeout"),
    Breakage(
      .aiGatewayDuplex, "validation_context: {}", "validation_context: {trusted_ca: {filename: ca.pem}}",
      "warning picker-tls"),
    Breakage(
      .aiGatewayDuplex, "  route_config:\n", "  route_config: {}\n          other_config:\n",
      "error no-picker"),
    Breakage(.aiGatewayBuffered, "message_timeout: 300s", "status_on_error: {code: 500}", "warning message-timeout"),
    Breakage(
      .aiGatewayBuffered, "  - name: inference\n",
      "  - name: inference\n    per_connection_buffer_limit_bytes: 32768\n",
      "error buffer-limit"),
    Breakage(.aiGatewayBuffered, "failure_mode_allow: false", "failure_mode_allow: true", "warning failure-mode"),
    Breakage(
      .aiGatewayBuffered, "request_body_mode: BUFFERED,", "request_body_mode: BUFFERED_PARTIAL,",
      "warning request-body-mode"),
    Breakage(
      .overrideHost, ", receiving_namespaces: {untyped: [envoy.lb]}", "", "none"),
    Breakage(.overrideHost, "- header: x-gateway-destination-endpoint\n", "\n", "none"),
    Breakage(.overrideHost, "untyped: [envoy.lb, envoy.lb.subset_hint]", "untyped: []", "warning metadata"),
    Breakage(.overrideHost, "selected_host_key:", "other_key:", "warning metadata"),
    Breakage(
      .overrideHost, ", retry_policy: {retry_on: \"connect-failure,reset\", num_retries: 2}", "", "notice fallback"),
    Breakage(
      .overrideHost,
      "endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, "
        + "port_value: 8000}}}}]}]", "endpoints: []", "error pick-not-followed"),
    Breakage(.overrideHost, "failure_mode_allow: false", "failure_mode_allow: true", "warning failure-mode"),
    Breakage(.streamed, "failure_mode_allow: false", "failure_mode_allow: true", "warning failure-mode"),
    Breakage(.streamed, "message_timeout: 300s", "message_timeout: 0.2s", "warning message-timeout"),
    Breakage(.headersOnly, "message_timeout: 300s", "messageTimeout: 1s", "warning message-timeout"),
    Breakage(.headersOnly, "http_header_name: x-gateway", "http_header_name: x-other", "error pick-not-followed"),
  ]
}

@Suite("Broken variants")
struct BrokenVariantTests {
  @Test("Each is found out", arguments: Breakage.all)
  func isFound(_ breakage: Breakage) throws {
    let text = breakage.configuration.text
    #expect(text.contains(breakage.old))
    let sound = try check(text)
    let broken = try check(text.replacing(breakage.old, with: breakage.new))
    guard breakage.expected != "none" else {
      #expect(broken.exitStatus == sound.exitStatus)
      return
    }
    #expect(!sound.summary.contains(breakage.expected))
    #expect(broken.summary.contains(breakage.expected))
    let finding = broken.findings.first { "\($0.severity.name) \($0.rule)" == breakage.expected }
    #expect(finding.map { !$0.effect.isEmpty && !$0.remedy.isEmpty } == true)
  }

  @Test("Reading the pick from metadata alone needs the filter to take metadata over")
  func metadataOnly() throws {
    let headerless = ProxyConfiguration.overrideHost.text.replacing(
      "- header: x-gateway-destination-endpoint\n", with: "\n")
    let broken = headerless.replacing(", receiving_namespaces: {untyped: [envoy.lb]}", with: "")
    #expect(try check(broken).finding("pick-not-followed")?.remedy.contains("receiving_namespaces") == true)
  }

  @Test("A picker that answers with lists fails before ORIGINAL_DST")
  func lists() throws {
    var picker = PickerSettings()
    picker.maximumEndpoints = 3
    let report = try check(ProxyConfiguration.aiGatewayDuplex.text, picker: picker)
    #expect(report.finding("fallback")?.severity == .error)
    #expect(report.exitStatus == 2)
    #expect(try check(ProxyConfiguration.overrideHost.text, picker: picker).finding("fallback") == nil)
  }

  @Test("TLS on one side only", arguments: [(ProxyConfiguration.aiGatewayDuplex, false), (.overrideHost, true)])
  func security(_ configuration: ProxyConfiguration, _ servesTLS: Bool) throws {
    var picker = PickerSettings()
    picker.servesTLS = servesTLS
    #expect(try check(configuration.text, picker: picker).finding("picker-tls")?.severity == .error)
    picker.servesTLS = !servesTLS
    #expect(try check(configuration.text, picker: picker).finding("picker-tls")?.severity == .notice)
  }

  @Test("A route that goes around the picker")
  func bypass() throws {
    let open = """
      - name: open
        match: {prefix: "/open"}
        route: {cluster: pool, timeout: 300s}
        typed_per_filter_config:
          envoy.filters.http.ext_proc:
            "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
            disabled: true

      """
    let text = ProxyConfiguration.aiGatewayDuplex.text.inserting(open, before: "- match:")
    let finding = try #require(try check(text).finding("picker-bypassed"))
    #expect(finding.severity == .error)
    #expect(finding.place.contains("open"))
  }

  @Test("What a route sets differently counts on that route")
  func routeOverrides() throws {
    let settings = """
      typed_per_filter_config:
        envoy.filters.http.ext_proc:
          "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
          overrides: {processing_mode: {request_body_mode: NONE}}

      """
    let text = ProxyConfiguration.aiGatewayDuplex.text.inserting(settings, before: "route: {cluster: pool")
    #expect(try check(text).summary.contains("warning request-body-mode"))
  }

  @Test("A second processor in full duplex")
  func twoProcessors() throws {
    let other = """
      - name: body-router
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
          grpc_service: {envoy_grpc: {cluster_name: bbr}}
          processing_mode: {request_body_mode: FULL_DUPLEX_STREAMED, request_trailer_mode: SEND}

      """
    let text = ProxyConfiguration.aiGatewayDuplex.text.inserting(other, before: "- name: envoy.filters.http.ext_proc")
    let report = try check(text)
    #expect(report.paths.map(\.filter) == ["envoy.filters.http.ext_proc"])
    #expect(report.finding("two-duplex-processors")?.severity == .error)
    #expect(try check(text, filter: "body-router").paths.map(\.filter) == ["body-router"])
  }

  @Test("Clusters that follow picks by subsets")
  func subsets() throws {
    let text = ProxyConfiguration.headersOnly.text.replacing("lb_policy: CLUSTER_PROVIDED", with: "connect_timeout: 1s")
      .replacing("type: ORIGINAL_DST", with: "type: EDS").replacing(
        "original_dst_lb_config: {use_http_header: true, http_header_name: x-gateway-destination-endpoint}",
        with: "lb_subset_config: {subset_selectors: [{keys: [x-gateway-destination-endpoint]}]}")
    let sound = try check(text)
    #expect(sound.severity == .warning)
    #expect(sound.text.contains("subsets: one endpoint"))
    #expect(
      try check(text.replacing(", receiving_namespaces: {untyped: [envoy.lb]}", with: "")).summary.contains(
        "error pick-not-followed"))
    #expect(
      try check(text.replacing("failure_mode_allow: false", with: "failure_mode_allow: true")).finding("failure-mode")?
        .remedy.contains("ANY_ENDPOINT") == true)
    var picker = PickerSettings()
    picker.maximumEndpoints = 2
    #expect(try check(text, picker: picker).finding("fallback")?.severity == .error)
  }
}
