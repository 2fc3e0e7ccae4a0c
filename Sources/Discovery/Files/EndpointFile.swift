import PickerConfiguration

/// The endpoints that a file lists, as the `file-discovery` plugin reads them.
///
/// ```yaml
/// endpoints:
/// - name: vllm-0
///   namespace: default        # the default
///   address: 10.0.0.1         # IPv4 or IPv6
///   port: "8000"              # or a number
///   labels: {role: decode}
/// ```
public struct EndpointFile: Sendable, Hashable {
  /// The largest file that is read, in bytes.
  public static let maximumBytes = ConfigNode.maximumBytes

  /// The good entries in the order of the file.
  public let endpoints: [DiscoveredEndpoint]
  /// What is wrong with the entries that were left out, and what in the others was ignored.
  public let problems: [ConfigurationProblem]

  /// Reads the file's contents, YAML or JSON.
  ///
  /// A bad entry costs only itself. A file that can't be understood as a whole, or that doesn't say `endpoints`, is an
  /// error: it is more likely half written than meant to remove every endpoint, so its reader should keep what it has.
  ///
  /// - Parameters:
  ///   - bytes: at most ``maximumBytes``.
  ///   - source: what problems call the file.
  public static func parse(_ bytes: [UInt8], source: String) throws(ConfigurationError) -> EndpointFile {
    let origin = SourceLocation(source: source)
    guard bytes.count <= maximumBytes else {
      throw ConfigurationError(origin, "the file has \(bytes.count) bytes, more than the \(maximumBytes) allowed")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(origin, "the file is not UTF-8 text")
    }
    let root = try ConfigNode.parse(text, source: source)
    let document = ParameterDecoder(root, at: root.location, unknownFields: .warn)
    guard let list = document.node("endpoints"), !list.isNull else {
      try document.finish()
      throw ConfigurationError(root.location.field("endpoints"), "required, but not set; write [] for no endpoints")
    }
    guard let elements = list.elements else { throw ConfigurationError(list.mismatch(expected: "a list")) }
    try document.finish()

    var endpoints: [DiscoveredEndpoint] = []
    var problems = document.warnings
    var names: Set<String> = []
    for element in elements {
      let entry = EntryDecoder(element)
      problems += entry.problems
      guard let endpoint = entry.endpoint else { continue }
      guard names.insert("\(endpoint.namespace)/\(endpoint.name)").inserted else {
        problems.append(
          ConfigurationProblem(
            element.location, "skipped: there is an endpoint \(endpoint.namespace)/\(endpoint.name) already"))
        continue
      }
      endpoints.append(endpoint)
    }
    return EndpointFile(endpoints: endpoints, problems: problems)
  }

  /// Reads a file.
  public static func load(path: String) throws(ConfigurationError) -> EndpointFile {
    try parse(try BoundedFile.bytes(at: path, limit: maximumBytes), source: path)
  }
}

/// One entry of the list.
private struct EntryDecoder {
  /// `nil` when the entry is bad.
  let endpoint: DiscoveredEndpoint?
  let problems: [ConfigurationProblem]

  init(_ node: ConfigNode) {
    let fields = ParameterDecoder(node, at: node.location, unknownFields: .warn)
    let name = fields.requiredString("name")
    let namespace = fields.string("namespace", default: DiscoveredEndpoint.defaultNamespace)
    let written = fields.requiredString("address")
    let address = IPAddress.canonical(written)
    if address == nil, !written.isEmpty { fields.reject("address", "\"\(written)\" is not an IP address") }
    let port = Self.port(fields)
    let labels = Self.labels(fields)

    let errors = fields.problems
    problems = errors.map { ConfigurationProblem($0.location, "skipped: \($0.message)") } + fields.warnings
    if errors.isEmpty, let address, let port {
      endpoint = DiscoveredEndpoint(
        name: name, namespace: namespace.isEmpty ? DiscoveredEndpoint.defaultNamespace : namespace, address: address,
        port: port, labels: labels)
    } else {
      endpoint = nil
    }
  }

  private static func port(_ fields: ParameterDecoder) -> UInt16? {
    guard let node = fields.node("port"), !node.isNull else {
      fields.reject("port", "required, but not set")
      return nil
    }
    let port: UInt16? =
      switch node.scalar {
      case .integer(let number)?: PortNumber.parse(String(number))
      case .string(let text)?: PortNumber.parse(text)
      default: nil
      }
    if port == nil { fields.reject("port", "expected a port from 1 to 65535, found \(node.summary)") }
    return port
  }

  /// Label values are texts; numbers and booleans are taken as they are written in their simplest form.
  private static func labels(_ fields: ParameterDecoder) -> [String: String] {
    guard let node = fields.node("labels"), !node.isNull else { return [:] }
    guard let entries = node.entries else {
      fields.reject("labels", "expected a mapping of names to values, found \(node.summary)")
      return [:]
    }
    var labels: [String: String] = [:]
    for entry in entries {
      switch entry.value.scalar {
      case .string(let text)?: labels[entry.key] = text
      case .integer(let number)?: labels[entry.key] = String(number)
      case .bool(let truth)?: labels[entry.key] = String(truth)
      default: fields.reject("labels", "expected a string for \"\(entry.key)\", found \(entry.value.summary)")
      }
    }
    return labels
  }
}
