/// One HTTP connection manager with its filters and routes.
public struct FilterChain: Sendable, Hashable {
  /// Envoy's limit of what a listener buffers when none is set, in bytes.
  public static let defaultBufferLimit = 1 << 20

  /// The listener's name.
  public let listener: String
  /// What is buffered of a request or response at most, in bytes.
  public let bufferLimit: Int
  /// The external processors, in order.
  public let processors: [ExtProcFilter]
  /// The routes.
  public let routes: [Route]

  init(_ manager: EnvoyValue, listener: EnvoyValue, document: ProxyDocument) {
    self.listener = listener["name"].text ?? Self.address(listener["address"]["socket_address"])
    bufferLimit = listener["per_connection_buffer_limit_bytes"].integer ?? Self.defaultBufferLimit
    processors = manager["http_filters"].elements.compactMap { filter in
      let name = filter["name"].text ?? ""
      var config = filter["typed_config"]
      if !filter["config_discovery"].isNull { config = document.discoveredFilters[name] ?? .null }
      guard config.typeName == "ExternalProcessor" else { return nil }
      return ExtProcFilter(name: name, config, isDisabled: filter["disabled"].bool ?? false)
    }
    var configuration = manager["route_config"]
    if configuration.isNull, let name = manager["rds"]["route_config_name"].text {
      configuration = document.routes[name] ?? .null
    }
    routes = configuration["virtual_hosts"].elements.flatMap { host in
      host["routes"].elements.map { Route($0, host: host, configuration: configuration) }
    }
  }

  private static func address(_ socket: EnvoyValue) -> String {
    "\(socket["address"].text ?? "?"):\(socket["port_value"].integer ?? 0)"
  }
}
