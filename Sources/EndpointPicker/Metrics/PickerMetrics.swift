import ExtProc
import Telemetry

/// The metrics that are recorded on event loops and that the reference does not have, and its stream metrics.
final class PickerMetrics: Sendable {
  /// The llm-d router's metrics of ext_proc streams.
  struct Streams: Sendable {
    let inFlight: GaugeFamily
    let duration: HistogramFamily
    let total: CounterFamily
  }

  /// Decisions take microseconds; the reference's buckets begin where these end.
  private static let decisionBuckets = [
    1e-6, 2e-6, 3e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2e-2,
  ]
  private static let lagBuckets = [1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5, 1]

  static let decisionDurationName = "epp_decision_duration_seconds"
  static let loopLagName = "epp_event_loop_lag_seconds"
  static let streamsByModeName = "epp_streams_by_mode_total"

  let decisionDuration: HistogramFamily
  let loopLag: HistogramFamily
  let streamsByMode: CounterFamily
  let suppressedLines: CounterFamily
  let inquiries: CounterFamily
  /// Nil unless asked for.
  let streams: Streams?

  init(_ registry: MetricsRegistry, includesStreams: Bool) throws(MetricsRegistrationError) {
    decisionDuration = try registry.histogram(
      Self.decisionDurationName, help: "Time from a whole request to its destination, in seconds.",
      buckets: Self.decisionBuckets)
    loopLag = try registry.histogram(
      Self.loopLagName, help: "How much later than asked for event loops run a task, in seconds.",
      labels: ["loop"], buckets: Self.lagBuckets)
    streamsByMode = try registry.counter(
      Self.streamsByModeName, help: "Streams by the proxy's body modes; unknown for proxies that do not tell.",
      labels: ["request_body_mode", "response_body_mode"])
    suppressedLines = try registry.counter(
      "epp_log_lines_suppressed_total", help: "Log lines about refused requests that were left out as repeats.",
      labels: ["code"])
    inquiries = try registry.counter(
      "epp_inquiries_total", help: "Questions of plugins to other processes about requests, by what came of them.",
      labels: ["result"])
    guard includesStreams else {
      streams = nil
      return
    }
    streams = Streams(
      inFlight: try registry.gauge("llm_d_epp_extproc_streams_inflight", help: "[ALPHA] Open ext_proc streams."),
      duration: try registry.histogram(
        "llm_d_epp_extproc_stream_duration_seconds", help: "[ALPHA] How long ext_proc streams stay open, in seconds.",
        buckets: ReferenceBuckets.requestLatency),
      total: try registry.counter(
        "llm_d_epp_extproc_streams_total", help: "[ALPHA] Ended ext_proc streams by gRPC status.", labels: ["code"]))
  }
}

extension BodyMode {
  /// The mode's name in proxy configurations.
  var name: String {
    switch self {
    case .none: "NONE"
    case .streamed: "STREAMED"
    case .buffered: "BUFFERED"
    case .bufferedPartial: "BUFFERED_PARTIAL"
    case .fullDuplexStreamed: "FULL_DUPLEX_STREAMED"
    }
  }
}
