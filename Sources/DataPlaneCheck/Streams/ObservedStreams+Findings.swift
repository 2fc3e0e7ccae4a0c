extension ObservedStreams {
  /// What the streams say about the proxies' configuration; worst first.
  public var findings: [Finding] {
    let total = counts.values.reduce(undeclared, +)
    let modes = counts.filter { $0.value > 0 }.sorted { $0.value > $1.value }
    var findings = modes.flatMap { Self.findings($0.key, $0.value, of: total, picker) }
    if undeclared > 0 {
      findings.append(
        Finding(
          "undeclared-modes", .notice, at: Self.share(undeclared, total), "the proxy does not tell its body modes",
          effect: "it is taken to be in full duplex; in another mode its requests fail",
          remedy: "use a proxy that sends protocol_config, such as a current Envoy, or full duplex"))
    }
    // A limit that is reached shows as a number that stays just below it.
    if open >= Cluster.defaultMaxRequests * 9 / 10, open <= Cluster.defaultMaxRequests {
      findings.append(
        Finding(
          "stream-limit", .warning, at: "all streams", "\(open) streams are open",
          effect:
            "a proxy's default limit is \(Cluster.defaultMaxRequests); above it requests fail with 500 (overflow)",
          remedy: "raise circuit_breakers.thresholds max_requests on the picker's cluster in the proxy"))
    }
    return Severity.allCases.reversed().flatMap { severity in findings.filter { $0.severity == severity } }
  }

  private static func findings(_ modes: Modes, _ count: Int, of total: Int, _ picker: PickerSettings) -> [Finding] {
    let place = share(count, total)
    var findings: [Finding] = []
    switch modes.request {
    case .none, .streamed:
      findings.append(
        Finding(
          "request-body-mode", .warning, at: place,
          "the proxy sends request bodies in mode \(modes.request.rawValue)",
          effect: "picks are made on the headers alone: no prefix-cache routing, no model rewrites",
          remedy: "set processing_mode.request_body_mode: FULL_DUPLEX_STREAMED in the proxy"))
    case .bufferedPartial:
      findings.append(
        Finding(
          "request-body-mode", .warning, at: place, "the proxy cuts request bodies off at its buffer limit",
          effect: "longer prompts are not read, and picked for by load alone",
          remedy: "set processing_mode.request_body_mode: FULL_DUPLEX_STREAMED in the proxy"))
    case .buffered:
      findings.append(
        Finding(
          "buffer-limit", .notice, at: place, "the proxy buffers request bodies",
          effect: "prompts above its buffer limit (1 MiB by default) are refused with 413 and never seen here",
          remedy: "raise per_connection_buffer_limit_bytes of the proxy's listener"))
    case .fullDuplexStreamed:
      break
    }
    let isBuffered = modes.response == .buffered || modes.response == .bufferedPartial
    if isBuffered, !(picker.releasesStreamsEarly && modes.request == .buffered) {
      findings.append(
        Finding(
          "response-body-mode", .warning, at: place, "the proxy buffers responses whole",
          effect: "streamed answers arrive in one piece at their end",
          remedy: "use FULL_DUPLEX_STREAMED responses, or allow_mode_override with --early-stream-release"))
    }
    return findings
  }

  private static func share(_ count: Int, _ total: Int) -> String {
    let percent = total > 0 ? Int((Double(count) / Double(total) * 100).rounded()) : 0
    return "\(count) streams (\(percent) %)"
  }
}
