/// What an operator should look at, in plain words. Pure: readings in, sentences out.
package struct PoolWarnings {
  /// A sentence and how bad it is.
  package struct Warning: Sendable, Hashable {
    package enum Severity: String, Sendable {
      case error, warning, info
    }

    package let severity: Severity
    package let text: String
  }

  /// Streams of one pair of body modes.
  package struct Mode: Sendable, Hashable {
    package let request: String
    package let response: String
    package let streams: Double

    package init(request: String, response: String, streams: Double) {
      self.request = request
      self.response = response
      self.streams = streams
    }
  }

  package var endpoints: [EndpointReading] = []
  /// Whether anybody scrapes.
  package var isScraped = true
  /// Age from which on metrics are stale, in seconds.
  package var staleness = 2.0
  /// 1 and above for saturated.
  package var saturation = 0.0
  package var modes: [Mode] = []
  package var bufferedBytes = 0
  package var maximumBufferedBytes = Int.max
  package var droppedDecisions = 0
  package var configurationWarnings: [String] = []

  /// Nothing to look at.
  package init() {}

  /// All of them, the worst first.
  package var all: [Warning] {
    let found = health + load + proxy + process
    return found.filter { $0.severity == .error } + found.filter { $0.severity == .warning }
      + found.filter { $0.severity == .info }
  }

  private var health: [Warning] {
    guard !endpoints.isEmpty else {
      return [Warning(severity: .error, text: "The pool has no endpoints; every request is answered with 503.")]
    }
    var found: [Warning] = []
    let unhealthy = endpoints.filter(\.isUnhealthy)
    if !unhealthy.isEmpty {
      let isAll = unhealthy.count == endpoints.count
      found.append(
        Warning(
          severity: isAll ? .error : .warning,
          text: "\(Self.count(unhealthy.count, of: endpoints.count)) "
            + "\(isAll ? "fail requests" : "failed requests and are left alone"): \(Self.names(unhealthy))."))
    }
    guard isScraped else { return found }
    let unread = endpoints.filter { $0.age == nil }
    let stale = endpoints.filter { ($0.age ?? 0) > staleness }
    func add(_ some: [EndpointReading], _ what: String) {
      guard !some.isEmpty else { return }
      let isAll = some.count == endpoints.count
      let reason = some.lazy.compactMap(\.error).first.map { " (\($0))" } ?? ""
      found.append(
        Warning(
          severity: isAll ? .error : .warning,
          text: "\(Self.count(some.count, of: endpoints.count)) \(what): \(Self.names(some))\(reason)."))
    }
    add(unread, "never told their metrics")
    add(stale, "have metrics older than \(Self.seconds(staleness))")
    let incomplete = endpoints.filter { $0.missing != nil }
    if let missing = incomplete.first?.missing {
      found.append(
        Warning(
          severity: .warning,
          text: "\(Self.count(incomplete.count, of: endpoints.count)) do not tell \(missing): "
            + "\(Self.names(incomplete))."))
    }
    return found
  }

  private var load: [Warning] {
    guard endpoints.count > 0 else { return [] }
    var found: [Warning] = []
    if saturation >= 1 {
      let value = (saturation * 100).rounded() / 100
      found.append(
        Warning(
          severity: .warning,
          text: "The pool is saturated (\(value)): requests of negative priority are dropped, others queue."))
    }
    found += skew(\.queue, "requests waiting") + skew({ Double($0.inFlight) }, "requests in flight")
    let full = endpoints.filter { $0.kvCache >= 0.95 }
    if !full.isEmpty {
      found.append(
        Warning(
          severity: .warning,
          text: "The KV cache is nearly full on \(Self.count(full.count, of: endpoints.count)): \(Self.names(full))."))
    }
    return found
  }

  /// One endpoint has several times as much as the others, and enough for it to matter.
  private func skew(_ value: (EndpointReading) -> Double, _ what: String) -> [Warning] {
    guard endpoints.count > 1, let busiest = endpoints.max(by: { value($0) < value($1) }) else { return [] }
    let most = value(busiest)
    let others = (endpoints.reduce(0) { $0 + value($1) } - most) / Double(endpoints.count - 1)
    guard most >= 8, most > 3 * max(others, 1) else { return [] }
    let mean = (others * 10).rounded() / 10
    return [
      Warning(
        severity: .warning,
        text: "Load is skewed: \(busiest.name) has \(Int(most)) \(what), the others \(mean) on average.")
    ]
  }

  private var proxy: [Warning] {
    modes.filter { $0.streams > 0 }.compactMap { mode in
      var limits: [String] = []
      switch mode.request {
      case "STREAMED", "NONE":
        limits.append("the prompt is not seen, so cached prefixes and the model in the body do not count")
      case "BUFFERED", "BUFFERED_PARTIAL":
        limits.append("prompts above the proxy's buffer limit are refused or not seen")
      case "unknown":
        limits.append("the proxy does not tell its modes, so full duplex is assumed")
      default: break
      }
      if mode.response == "NONE" {
        limits.append("answers are not seen, so there are no token counts, and loads end with the stream")
      }
      guard !limits.isEmpty else { return nil }
      let isSevere = mode.request == "STREAMED" || mode.request == "NONE"
      return Warning(
        severity: isSevere ? .warning : .info,
        text: "Body modes \(mode.request) / \(mode.response): \(limits.joined(separator: "; ")).")
    }
  }

  private var process: [Warning] {
    var found: [Warning] = []
    if maximumBufferedBytes < .max, bufferedBytes > maximumBufferedBytes / 5 * 4 {
      found.append(
        Warning(
          severity: .warning,
          text: "Requests hold \(bufferedBytes >> 20) of \(maximumBufferedBytes >> 20) MiB; beyond that they get 503."))
    }
    if droppedDecisions > 0 {
      found.append(
        Warning(severity: .info, text: "\(droppedDecisions) decisions could not be written to the log file."))
    }
    found += configurationWarnings.prefix(8).map { Warning(severity: .info, text: "Configuration: \($0)") }
    return found
  }

  private static func names(_ endpoints: [EndpointReading]) -> String {
    let shown = endpoints.prefix(3).map(\.name).joined(separator: ", ")
    return endpoints.count > 3 ? "\(shown), …" : shown
  }

  private static func count(_ some: Int, of all: Int) -> String {
    some == all ? (all == 1 ? "the only endpoint" : "all \(all) endpoints") : "\(some) of \(all) endpoints"
  }

  private static func seconds(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value)) s" : "\(value) s"
  }
}
