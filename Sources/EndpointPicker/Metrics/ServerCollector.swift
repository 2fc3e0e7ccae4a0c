import Endpoints
import GRPC
import Scheduling
import Telemetry

/// Values read at the moment of a scrape: the transport, leases, prefix indexes, the configuration in force.
struct ServerCollector: MetricsCollector {
  let server: GRPCServer
  let pool: CurrentPool
  let services: PluginServices
  let decisionFile: DecisionFile?

  func collect(into writer: inout MetricsWriter) {
    let transport = server.statistics
    gauge("epp_connections", "Open gRPC connections.", server.connectionCount, &writer)
    counter("epp_accepted_connections_total", "gRPC connections accepted.", transport.connections, &writer)
    writer.family(
      "epp_ended_connections_total", kind: .counter, help: "gRPC connections ended because of what their peer did.")
    let endings = server.endings
    for ending in ConnectionEnding.allCases {
      writer.sample(Double(endings[ending, default: 0]), labels: [("reason", ending.rawValue)])
    }
    gauge("epp_streams", "Open HTTP/2 streams.", transport.streamsOpened - transport.streamsClosed, &writer)
    counter("epp_opened_streams_total", "HTTP/2 streams opened.", transport.streamsOpened, &writer)
    writer.family(
      "epp_stream_resets_total", kind: .counter,
      help: "Streams that proxies reset, before or after they were finished here.")
    writer.sample(Double(transport.unfinishedResets), labels: [("stream", "unfinished")])
    writer.sample(Double(transport.finishedResets), labels: [("stream", "finished")])
    counter("epp_received_bytes_total", "Bytes received from proxies.", transport.bytesReceived, &writer)
    counter("epp_sent_bytes_total", "Bytes sent to proxies.", transport.bytesSent, &writer)
    gauge("epp_buffered_bytes", "Bytes held for requests and answers.", server.bufferedBytes, &writer)
    let table = pool.value.endpoints
    let inFlight = table.snapshot().endpoints.reduce(0) { $0 + table.inFlightRequests(slot: $1.slot) }
    gauge("epp_leases", "Requests counted as in flight on an endpoint.", inFlight, &writer)
    gauge("epp_config_generation", "How often a configuration was put in force.", pool.generation, &writer)
    if let counts = decisionFile?.counts {
      counter("epp_decision_log_written_total", "Decisions written to the decision log.", counts.written, &writer)
      counter("epp_decision_log_dropped_total", "Decisions that could not be written.", counts.dropped, &writer)
    }
    collectPrefixIndexes(&writer)
  }

  private func collectPrefixIndexes(_ writer: inout MetricsWriter) {
    let indexes = services.allPrefixIndexes.sorted { $0.key < $1.key }
    guard !indexes.isEmpty else { return }
    writer.family("epp_prefix_index_entries", kind: .gauge, help: "Blocks remembered in the prefix index.")
    for (name, index) in indexes { writer.sample(Double(index.entryCount), labels: [("plugin_name", name)]) }
    writer.family("epp_prefix_index_bytes", kind: .gauge, help: "Memory of the prefix index.")
    for (name, index) in indexes { writer.sample(Double(index.memoryBytes), labels: [("plugin_name", name)]) }
  }

  private func gauge(_ name: String, _ help: String, _ value: Int, _ writer: inout MetricsWriter) {
    writer.family(name, kind: .gauge, help: help)
    writer.sample(Double(value))
  }

  private func counter(_ name: String, _ help: String, _ value: Int, _ writer: inout MetricsWriter) {
    writer.family(name, kind: .counter, help: help)
    writer.sample(Double(value))
  }
}
