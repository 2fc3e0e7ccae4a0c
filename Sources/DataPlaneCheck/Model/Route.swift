/// What matters of a route, `envoy.config.route.v3.Route`.
public struct Route: Sendable, Hashable {
  /// Envoy's route timeout when none is set, in seconds.
  public static let defaultTimeout = 15.0

  /// How people find it: its name, or its virtual host and match.
  public let label: String
  /// The clusters it sends requests to; empty when it redirects, answers itself, or chooses by a header.
  public let clusters: [String]
  /// How long a response may take to its end, in seconds; nil for no limit.
  public let timeout: Double?
  /// Whether failed requests are tried again.
  public let retries: Bool
  /// Settings of filters for this route, from the least to the most specific, by filter name.
  let filterSettings: [String: [EnvoyValue]]

  init(_ config: EnvoyValue, host: EnvoyValue, configuration: EnvoyValue) {
    label = config["name"].text ?? Self.label(config["match"], host)
    let action = config["route"]
    let weighted = action["weighted_clusters"]["clusters"].elements
    clusters = [action["cluster"].text].compactMap(\.self) + weighted.compactMap { $0["name"].text }
    let seconds = action["timeout"].seconds ?? Self.defaultTimeout
    timeout = seconds > 0 ? seconds : nil
    retries = !action["retry_policy"].isNull || !host["retry_policy"].isNull
    var settings: [String: [EnvoyValue]] = [:]
    for scope in [configuration, host, config] + weighted {
      for (name, value) in scope["typed_per_filter_config"].fields { settings[name, default: []].append(value) }
    }
    filterSettings = settings
  }

  private static func label(_ match: EnvoyValue, _ host: EnvoyValue) -> String {
    let paths = ["prefix", "path", "path_separated_prefix"].compactMap { match[$0].text }
    return "\(host["name"].text ?? "*"), \(paths.first ?? match["safe_regex"]["regex"].text ?? "any path")"
  }
}
