extension TracingSettings {
  /// Reads OpenTelemetry's standard variables.
  ///
  /// Tracing is off unless `OTEL_TRACES_EXPORTER` is `otlp`, or is not set while an endpoint is.
  /// - Parameter warn: is told what is set and cannot be followed.
  /// - Returns: nil when tracing is off.
  /// - Throws: ``TracingSettingsError`` for a value that cannot be read.
  public init?(environment: [String: String], warn: (String) -> Void) throws(TracingSettingsError) {
    let variables = environment.filter { !$0.value.isEmpty }
    guard Self.isOn(variables, warn) else { return nil }
    self.init()
    try readSampler(variables)
    try readCollector(variables, warn)
    try readResource(variables)
    queueSize = try Self.count(variables, "OTEL_BSP_MAX_QUEUE_SIZE", 1...1_000_000) ?? queueSize
    batchSize = try Self.count(variables, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1...10_000) ?? batchSize
    batchSize = min(batchSize, queueSize)
    if let milliseconds = try Self.count(variables, "OTEL_BSP_SCHEDULE_DELAY", 1...3_600_000) {
      delay = Double(milliseconds) / 1_000
    }
  }

  private static func isOn(_ variables: [String: String], _ warn: (String) -> Void) -> Bool {
    if variables["OTEL_SDK_DISABLED"]?.lowercased() == "true" { return false }
    let hasEndpoint =
      variables["OTEL_EXPORTER_OTLP_ENDPOINT"] != nil || variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] != nil
    switch variables["OTEL_TRACES_EXPORTER"] {
    case nil: return hasEndpoint
    case "otlp": return true
    case "none": return false
    case let other?:
      warn("OTEL_TRACES_EXPORTER=\(other) is not supported, so nothing is traced; use otlp or none")
      return false
    }
  }

  private mutating func readSampler(_ variables: [String: String]) throws(TracingSettingsError) {
    let name = variables["OTEL_TRACES_SAMPLER"] ?? "parentbased_traceidratio"
    var share = 0.1
    if let text = variables["OTEL_TRACES_SAMPLER_ARG"] {
      guard let value = Double(text), (0...1).contains(value) else {
        throw TracingSettingsError("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1, not \"\(text)\"")
      }
      share = value
    } else if variables["OTEL_TRACES_SAMPLER"]?.hasSuffix("traceidratio") == true {
      share = 1
    }
    let followsParent = name.hasPrefix("parentbased_")
    switch followsParent ? String(name.dropFirst("parentbased_".count)) : name {
    case "always_on": sampler = TraceSampler(.on, followsParent: followsParent)
    case "always_off": sampler = TraceSampler(.off, followsParent: followsParent)
    case "traceidratio": sampler = TraceSampler(.ratio(share), followsParent: followsParent)
    default:
      throw TracingSettingsError(
        "OTEL_TRACES_SAMPLER",
        "must be always_on, always_off or traceidratio, or parentbased_ and one of them, "
          + "not \"\(name)\"")
    }
  }

  private mutating func readCollector(
    _ variables: [String: String], _ warn: (String) -> Void
  ) throws(TracingSettingsError) {
    func value(_ name: String) -> (name: String, value: String)? {
      for variable in ["OTEL_EXPORTER_OTLP_TRACES_\(name)", "OTEL_EXPORTER_OTLP_\(name)"] {
        if let text = variables[variable] { return (variable, text) }
      }
      return nil
    }
    if let endpoint = value("ENDPOINT") {
      let isInsecure = value("INSECURE")?.value.lowercased() == "true"
      try readEndpoint(endpoint.value, endpoint.name, isInsecure: isInsecure)
    }
    if let protocolName = value("PROTOCOL"), protocolName.value != "grpc" {
      warn("\(protocolName.name)=\(protocolName.value) is not supported; traces are exported by grpc")
    }
    if let file = value("CERTIFICATE") { collector.certificateFile = file.value }
    if let headers = value("HEADERS") { collector.headers = try Self.pairs(headers.value, headers.name) }
    if let timeout = value("TIMEOUT") {
      guard let milliseconds = Int(timeout.value), (1...3_600_000).contains(milliseconds) else {
        throw TracingSettingsError(timeout.name, "must be a number of milliseconds, not \"\(timeout.value)\"")
      }
      collector.timeout = Double(milliseconds) / 1_000
    }
  }

  /// `http://host:port`, `https://host:port`, or `host:port`, which means TLS unless said otherwise.
  private mutating func readEndpoint(
    _ text: String, _ variable: String, isInsecure: Bool
  ) throws(TracingSettingsError) {
    var rest = Substring(text)
    collector.usesTLS = !isInsecure
    if let scheme = text.firstRange(of: "://") {
      switch text[..<scheme.lowerBound].lowercased() {
      case "http": collector.usesTLS = false
      case "https": collector.usesTLS = true
      default: throw TracingSettingsError(variable, "must begin with http:// or https://, not \"\(text)\"")
      }
      rest = text[scheme.upperBound...]
    }
    // gRPC has a path of its own.
    rest = rest.prefix { $0 != "/" }
    var host = rest
    if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]"),
      rest.hasPrefix("[") || rest.firstIndex(of: ":") == colon
    {
      guard let port = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(port) else {
        throw TracingSettingsError(variable, "has no valid port: \"\(text)\"")
      }
      collector.port = port
      host = rest[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw TracingSettingsError(variable, "has no host: \"\(text)\"") }
    collector.host = String(host)
  }

  private mutating func readResource(_ variables: [String: String]) throws(TracingSettingsError) {
    if let text = variables["OTEL_RESOURCE_ATTRIBUTES"] {
      resource.merge(try Self.pairs(text, "OTEL_RESOURCE_ATTRIBUTES")) { $1 }
    }
    if let name = variables["OTEL_SERVICE_NAME"] { resource["service.name"] = name }
  }

  private static func count(
    _ variables: [String: String], _ name: String, _ range: ClosedRange<Int>
  ) throws(TracingSettingsError) -> Int? {
    guard let text = variables[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw TracingSettingsError(name, "must be \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
    }
    return value
  }

  /// `name=value,name=value` with percent-encoded values, as in W3C Baggage.
  private static func pairs(_ text: String, _ variable: String) throws(TracingSettingsError) -> [String: String] {
    var pairs: [String: String] = [:]
    for entry in text.split(separator: ",") {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed($0) }
      guard parts.count == 2, !parts[0].isEmpty, let value = decoded(parts[1]) else {
        throw TracingSettingsError(variable, "must be name=value pairs with commas between, not \"\(text)\"")
      }
      pairs[parts[0]] = value
    }
    return pairs
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  private static func decoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
