/// An external processing filter as it acts on a route, `envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor`.
public struct ExtProcFilter: Sendable, Hashable {
  /// Envoy's message timeout when none is set, in seconds.
  public static let defaultMessageTimeout = 0.2

  /// The filter's name in its chain.
  public var name: String
  /// The cluster of the service; nil when Envoy does not manage the connection.
  public var cluster: String?
  /// Limit of the stream's life in seconds; nil for none.
  public var streamTimeout: Double?
  /// What is sent.
  public var modes: ProcessingModes
  /// How long the service may take to answer one message, in seconds.
  public var messageTimeout: Double
  /// Whether requests go on when the service fails.
  public var failsOpen: Bool
  /// Whether answers may change what is sent.
  public var allowsModeOverride: Bool
  /// Whether answers are not waited for and not followed.
  public var onlyObserves: Bool
  /// Namespaces of dynamic metadata that are sent.
  public var forwardedNamespaces: [String]
  /// Namespaces of dynamic metadata that are accepted in answers.
  public var receivedNamespaces: [String]
  /// Why answers cannot set the destination header; nil when they can.
  public var mutationObstacle: String?
  /// Whether the filter is off unless a route turns it on.
  public var isDisabled: Bool

  init(name: String, _ config: EnvoyValue, isDisabled: Bool) {
    self.name = name
    self.isDisabled = isDisabled
    let service = config["grpc_service"]
    cluster = service["envoy_grpc"]["cluster_name"].text
    streamTimeout = Self.limit(service["timeout"])
    modes = ProcessingModes(config["processing_mode"])
    messageTimeout = config["message_timeout"].seconds ?? Self.defaultMessageTimeout
    failsOpen = config["failure_mode_allow"].bool ?? false
    allowsModeOverride = config["allow_mode_override"].bool ?? false
    onlyObserves = config["observability_mode"].bool ?? false
    forwardedNamespaces = Self.namespaces(config["metadata_options"]["forwarding_namespaces"])
    receivedNamespaces = Self.namespaces(config["metadata_options"]["receiving_namespaces"])
    mutationObstacle = Self.obstacle(config["mutation_rules"])
  }

  /// The filter with what a route, or what contains it, sets differently (`ExtProcPerRoute`, or the generic
  /// `FilterConfig` around it).
  func overridden(by config: EnvoyValue) -> ExtProcFilter {
    var filter = self
    filter.isDisabled = config["disabled"].bool ?? false
    if config.typeName == "FilterConfig", !config["config"].isNull {
      return filter.isDisabled ? filter : filter.overridden(by: config["config"])
    }
    let overrides = config["overrides"]
    if !overrides["processing_mode"].isNull { filter.modes = ProcessingModes(overrides["processing_mode"]) }
    let service = overrides["grpc_service"]
    if !service.isNull {
      filter.cluster = service["envoy_grpc"]["cluster_name"].text
      filter.streamTimeout = Self.limit(service["timeout"])
    }
    let metadata = overrides["metadata_options"]
    if !metadata["forwarding_namespaces"].isNull {
      filter.forwardedNamespaces = Self.namespaces(metadata["forwarding_namespaces"])
    }
    if !metadata["receiving_namespaces"].isNull {
      filter.receivedNamespaces = Self.namespaces(metadata["receiving_namespaces"])
    }
    filter.failsOpen = overrides["failure_mode_allow"].bool ?? filter.failsOpen
    return filter
  }

  /// A timeout of zero is none.
  private static func limit(_ value: EnvoyValue) -> Double? {
    value.seconds.flatMap { $0 > 0 ? $0 : nil }
  }

  private static func namespaces(_ value: EnvoyValue) -> [String] { value["untyped"].elements.compactMap(\.text) }

  private static func obstacle(_ rules: EnvoyValue) -> String? {
    if rules["disallow_all"].bool == true, rules["allow_expression"].isNull { return "disallow_all is set" }
    if let expression = rules["disallow_expression"]["regex"].text, covers(expression) {
      return "disallow_expression covers it"
    }
    return nil
  }

  private static func covers(_ expression: String) -> Bool {
    guard let pattern = try? Regex(expression) else { return false }
    return (try? pattern.wholeMatch(in: PickerNames.destination)) != nil
  }
}

/// Names of the Endpoint Picker protocol as they appear in proxy configurations.
enum PickerNames {
  static let destination = "x-gateway-destination-endpoint"
  static let served = "x-gateway-destination-endpoint-served"
  static let metadata = "envoy.lb"
  static let subset = "envoy.lb.subset_hint"
}
