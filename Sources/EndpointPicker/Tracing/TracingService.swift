import RequestTracing
import ServiceLifecycle
import Telemetry

/// Exports spans for as long as the process serves, and what is left of them when it stops.
struct TracingService: Service {
  let exporter: SpanExporter

  func run() async throws {
    await cancelWhenGracefulShutdown { await exporter.run() }
  }
}

/// What became of spans, read at the moment of a scrape.
struct SpanCollector: MetricsCollector {
  let queue: SpanQueue

  func collect(into writer: inout MetricsWriter) {
    let counts = queue.counts
    writer.family(
      "epp_trace_spans_total", kind: .counter,
      help: "Spans by what became of them: dropped ones found the queue full, failed ones no collector.")
    writer.sample(Double(counts.exported), labels: [("result", "exported")])
    writer.sample(Double(counts.dropped), labels: [("result", "dropped")])
    writer.sample(Double(counts.failed), labels: [("result", "failed")])
  }
}
