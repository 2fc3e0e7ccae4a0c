import DataPlaneCheck

/// Envoy configurations of the ways in which gateways wire a picker, with places to break them.
enum ProxyConfiguration: String, CaseIterable {
  /// What Envoy AI Gateway sets up for an InferencePool.
  case aiGatewayDuplex
  /// The same with its annotations for buffered bodies and mode overrides.
  case aiGatewayBuffered
  /// Host overrides with a list of known hosts, metadata both ways and retries.
  case overrideHost
  /// Request bodies piece by piece, no response bodies.
  case streamed
  /// No bodies at all.
  case headersOnly

  /// The bootstrap file.
  var text: String {
    """
    static_resources:
      listeners:
      - name: inference
        address: {socket_address: {address: 127.0.0.1, port_value: 8080}}
        filter_chains:
        - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
              stat_prefix: inference
              route_config:
                virtual_hosts:
                - name: all
                  domains: ["*"]
                  routes:
                  - match: {prefix: "/"}
                    route: {cluster: pool, timeout: 300s\(retries)}
              http_filters:
              - name: envoy.filters.http.ext_proc
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
                  grpc_service: {envoy_grpc: {cluster_name: epp}}
                  failure_mode_allow: false
                  message_timeout: 300s
                  processing_mode: {\(modes)}\(filterOptions)
              - name: envoy.filters.http.router
                typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
      clusters:
      - name: epp
        type: STATIC
        connect_timeout: 10s\(security)
        typed_extension_protocol_options:
          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
            "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
            explicit_http_config: {http2_protocol_options: {}}
        load_assignment:
          cluster_name: epp
          endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9002}}}}]}]
      - name: pool
    \(pool)
    """
  }

  private var retries: String {
    self == .overrideHost ? ", retry_policy: {retry_on: \"connect-failure,reset\", num_retries: 2}" : ""
  }

  private var modes: String {
    func modes(_ request: String, _ response: String, trailers: String) -> String {
      "request_header_mode: SEND, request_body_mode: \(request), request_trailer_mode: \(trailers), "
        + "response_header_mode: SEND, response_body_mode: \(response), response_trailer_mode: \(trailers)"
    }
    return switch self {
    case .aiGatewayDuplex, .overrideHost: modes("FULL_DUPLEX_STREAMED", "FULL_DUPLEX_STREAMED", trailers: "SEND")
    case .aiGatewayBuffered: modes("BUFFERED", "BUFFERED", trailers: "SEND")
    case .streamed: modes("STREAMED", "NONE", trailers: "SKIP")
    case .headersOnly: modes("NONE", "NONE", trailers: "SKIP")
    }
  }

  private var filterOptions: String {
    switch self {
    case .aiGatewayDuplex: ""
    case .aiGatewayBuffered: "\n              allow_mode_override: true"
    case .overrideHost, .streamed, .headersOnly:
      "\n              metadata_options: {forwarding_namespaces: {untyped: [envoy.lb, envoy.lb.subset_hint]}, "
        + "receiving_namespaces: {untyped: [envoy.lb]}}"
    }
  }

  private var security: String {
    guard self == .aiGatewayDuplex || self == .aiGatewayBuffered else { return "" }
    return """

          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              common_tls_context: {validation_context: {}}
      """
  }

  private var pool: String {
    guard self == .overrideHost else {
      return """
            type: ORIGINAL_DST
            lb_policy: CLUSTER_PROVIDED
            original_dst_lb_config: {use_http_header: true, http_header_name: x-gateway-destination-endpoint}
        """
    }
    return """
          type: STATIC
          load_balancing_policy:
            policies:
            - typed_extension_config:
                name: envoy.load_balancing_policies.override_host
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost
                  override_host_sources:
                  - metadata: {key: envoy.lb, path: [{key: x-gateway-destination-endpoint}]}
                  - header: x-gateway-destination-endpoint
                  selected_host_key: {key: envoy.lb, path: [{key: x-gateway-destination-endpoint-served}]}
                  fallback_policy: {policies: []}
          load_assignment:
            cluster_name: pool
            endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 8000}}}}]}]
      """
  }
}

/// Checks a document.
func check(_ text: String, picker: PickerSettings = PickerSettings(), filter: String? = nil) throws -> CheckReport {
  let value = try EnvoyValue.parse(Array(text.utf8), source: "envoy.yaml")
  return CheckReport(try DataPlane(value, source: "envoy.yaml"), source: "envoy.yaml", picker: picker, filter: filter)
}

extension CheckReport {
  /// `severity rule` for each finding, in order.
  var summary: [String] { findings.map { "\($0.severity.name) \($0.rule)" } }

  /// The finding of a rule.
  func finding(_ rule: String) -> Finding? { findings.first { $0.rule == rule } }
}

extension String {
  /// The document with lines put in front of the one that holds `mark`, indented like it.
  func inserting(_ lines: String, before mark: String) -> String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard let place = line.firstRange(of: mark) else { return String(line) }
      let margin = String(repeating: " ", count: line.distance(from: line.startIndex, to: place.lowerBound))
      return lines.split(separator: "\n").map { margin + $0 + "\n" }.joined() + line
    }.joined(separator: "\n")
  }
}
