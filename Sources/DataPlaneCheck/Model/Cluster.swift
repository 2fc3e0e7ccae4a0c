/// What matters of a cluster, `envoy.config.cluster.v3.Cluster`.
public struct Cluster: Sendable, Hashable {
  /// How the cluster's hosts are found.
  public enum Discovery: String, Sendable, Hashable {
    case fixed = "STATIC"
    case strictDNS = "STRICT_DNS"
    case logicalDNS = "LOGICAL_DNS"
    case eds = "EDS"
    case originalDestination = "ORIGINAL_DST"
    case other
  }

  /// How connections are secured.
  public enum Security: Sendable, Hashable {
    case plaintext
    /// TLS without a check of the peer's certificate.
    case unverified
    case verified
  }

  /// Envoy's limit of requests at the same time when none is set.
  public static let defaultMaxRequests = 1_024

  /// The cluster's name.
  public let name: String
  /// How its hosts are found.
  public let discovery: Discovery
  /// What decides the host of a request.
  public let destination: DestinationPolicy
  /// Most requests at the same time, the default included.
  public let maxRequests: Int
  /// Whether HTTP/2 is spoken.
  public let speaksHTTP2: Bool
  /// How connections are secured.
  public let security: Security
  /// Hosts written in the configuration.
  public let hostCount: Int

  init(_ config: EnvoyValue) {
    name = config["name"].text ?? ""
    discovery = Self.discovery(config)
    destination = DestinationPolicy(config, discovery: discovery)
    let thresholds = config["circuit_breakers"]["thresholds"].elements.first {
      $0["priority"].isNull || $0["priority"] == .string("DEFAULT") || $0["priority"] == .number(0)
    }
    maxRequests = thresholds?["max_requests"].integer ?? Self.defaultMaxRequests
    speaksHTTP2 = Self.speaksHTTP2(config)
    security = Self.security(config["transport_socket"])
    hostCount = config["load_assignment"]["endpoints"].elements.reduce(0) { $0 + $1["lb_endpoints"].elements.count }
  }

  private static func discovery(_ config: EnvoyValue) -> Discovery {
    if let name = config["type"].text { return Discovery(rawValue: name) ?? .other }
    return config["cluster_type"].isNull ? .fixed : .other
  }

  private static func speaksHTTP2(_ config: EnvoyValue) -> Bool {
    if !config["http2_protocol_options"].isNull { return true }
    let options = config["typed_extension_protocol_options"].fields.first { $0.key.hasSuffix("HttpProtocolOptions") }
    guard let options = options?.value else { return false }
    return !options["explicit_http_config"]["http2_protocol_options"].isNull || !options["auto_config"].isNull
      || !options["use_downstream_protocol_config"]["http2_protocol_options"].isNull
  }

  private static func security(_ socket: EnvoyValue) -> Security {
    let config = socket["typed_config"]
    guard config.typeName == "UpstreamTlsContext" else { return .plaintext }
    let common = config["common_tls_context"]
    let contexts = [
      common["validation_context"], common["combined_validation_context"]["default_validation_context"],
    ]
    let isVerified =
      !common["validation_context_sds_secret_config"].isNull
      || !common["combined_validation_context"]["validation_context_sds_secret_config"].isNull
      || contexts.contains { context in
        ["trusted_ca", "verify_certificate_spki", "verify_certificate_hash", "system_root_certs"].contains {
          !context[$0].isNull
        }
      }
    return isVerified ? .verified : .unverified
  }
}
