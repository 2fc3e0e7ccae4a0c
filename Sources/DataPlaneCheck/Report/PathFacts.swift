/// What a path does, in plain words.
public struct PathFacts: Sendable, Hashable {
  /// One thing about the path.
  public struct Fact: Sendable, Hashable {
    /// What it is about, one word or two.
    public let topic: String
    /// What is so.
    public let text: String
  }

  /// The facts, in the order in which a request meets them.
  public let all: [Fact]

  init(_ path: PickerPath) {
    all = [
      Fact(topic: "request", text: Self.request(path.filter.modes)),
      Fact(topic: "response", text: Self.response(path.filter.modes)),
      Fact(topic: "destination", text: Self.destination(path)),
      Fact(topic: "metadata", text: Self.metadata(path.filter)),
      Fact(topic: "message timeout", text: Self.messageTimeout(path.filter)),
      Fact(topic: "without picker", text: Self.failure(path)),
      Fact(topic: "stream limit", text: Self.streamLimit(path)),
      Fact(topic: "buffer limit", text: Self.bufferLimit(path)),
      Fact(topic: "TLS to picker", text: Self.security(path)),
    ]
  }

  private static func request(_ modes: ProcessingModes) -> String {
    switch modes.requestBody {
    case .none: "headers only (NONE): the pick is made without model or prompt"
    case .streamed: "STREAMED: the pick is made on the headers; body pieces follow one by one"
    case .buffered: "BUFFERED: the pick is made on the whole body, which the proxy holds"
    case .bufferedPartial: "BUFFERED_PARTIAL: the pick is made on the whole body, if it fits in the proxy's buffer"
    case .fullDuplexStreamed: "FULL_DUPLEX_STREAMED: the pick is made on the whole body, which passes the picker"
    }
  }

  private static func response(_ modes: ProcessingModes) -> String {
    let headers = modes.responseHeaders ? "headers and " : "no headers, "
    return switch modes.responseBody {
    case .none: modes.responseHeaders ? "headers only (NONE)" : "nothing"
    case .streamed: headers + "body pieces (STREAMED)"
    case .buffered: headers + "the whole body at once (BUFFERED)"
    case .bufferedPartial: headers + "the body's beginning at once (BUFFERED_PARTIAL)"
    case .fullDuplexStreamed: headers + "body pieces, which pass the picker (FULL_DUPLEX_STREAMED)"
    }
  }

  private static func destination(_ path: PickerPath) -> String {
    switch path.pool?.destination {
    case nil: "the cluster \"\(path.poolName)\" is unknown"
    case .originalDestination(let sources):
      "ORIGINAL_DST: one address, from \(words(sources)); no fallback"
    case .overrideHost(let sources, _):
      "override_host: an ordered list, from \(words(sources)); other hosts of the cluster as a fallback"
    case .subset(let sources, let fallsBack):
      "subsets: one endpoint, from \(words(sources)); \(fallsBack ? "any host as a fallback" : "no fallback")"
    case .ownBalancing(let policy): "the cluster's own balancing, \(policy)"
    }
  }

  private static func words(_ sources: [DestinationPolicy.Source]) -> String {
    sources.isEmpty ? "nowhere" : sources.map(\.words).joined(separator: ", else ")
  }

  private static func metadata(_ filter: ExtProcFilter) -> String {
    func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
    return "sent to the picker: \(list(filter.forwardedNamespaces)); taken over: \(list(filter.receivedNamespaces))"
  }

  private static func messageTimeout(_ filter: ExtProcFilter) -> String {
    let text = DurationWords.text(filter.messageTimeout)
    guard filter.modes.requestBody == .fullDuplexStreamed else { return text }
    return "\(text), which Envoy does not apply in full duplex: the route's timeout bounds a picker that hangs"
  }

  private static func failure(_ path: PickerPath) -> String {
    path.filter.failsOpen ? "requests go on (failure_mode_allow)" : "requests fail"
  }

  private static func streamLimit(_ path: PickerPath) -> String {
    guard let cluster = path.picker else { return "unknown" }
    let isDefault = cluster.maxRequests == Cluster.defaultMaxRequests
    return "\(cluster.maxRequests) requests in flight" + (isDefault ? " (the circuit breaker's default)" : "")
  }

  private static func bufferLimit(_ path: PickerPath) -> String {
    let modes = path.filter.modes
    let isBuffering = [modes.requestBody, modes.responseBody].contains { $0 == .buffered || $0 == .bufferedPartial }
    return BufferLimitRule.words(path.chain.bufferLimit) + (isBuffering ? "" : ", flow control only")
  }

  private static func security(_ path: PickerPath) -> String {
    switch path.picker?.security {
    case nil: "unknown"
    case .plaintext: "none"
    case .unverified: "encrypted, certificate not verified"
    case .verified: "encrypted, certificate verified"
    }
  }
}
