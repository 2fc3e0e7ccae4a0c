import Endpoints
import GRPC
import Scheduling
import Telemetry

/// Values read at the moment of a scrape: the transport, leases, prefix indexes, the configuration in force.
struct ServerCollector: MetricsCollector {
  let server: GRPCServer
  let directory: PoolDirectory
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
    collectPools(&writer)
    if let counts = decisionFile?.counts {
      counter("epp_decision_log_written_total", "Decisions written to the decision log.", counts.written, &writer)
      counter("epp_decision_log_dropped_total", "Decisions that could not be written.", counts.dropped, &writer)
    }
    collectPrefixIndexes(&writer)
  }

  private func collectPools(_ writer: inout MetricsWriter) {
    let pools = directory.pools
    guard !pools.isEmpty else { return }
    writer.family("epp_leases", kind: .gauge, help: "Requests counted as in flight on an endpoint.")
    for pool in pools {
      let inFlight = pool.current.value.endpoints.allInFlightRequests
      writer.sample(Double(inFlight), labels: directory.labels(of: pool))
    }
    writer.family("epp_config_generation", kind: .gauge, help: "How often a configuration was put in force.")
    for pool in pools { writer.sample(Double(pool.current.generation), labels: directory.labels(of: pool)) }
    guard directory.isSeveral else { return }
    writer.family("epp_pool_buffered_bytes", kind: .gauge, help: "Bytes held for requests to a pool.")
    for pool in pools { writer.sample(Double(pool.current.budget?.bytes ?? 0), labels: directory.labels(of: pool)) }
  }

  private func collectPrefixIndexes(_ writer: inout MetricsWriter) {
    let indexes = directory.pools.flatMap { pool in
      pool.services.allPrefixIndexes.sorted { $0.key < $1.key }.map { name, index in
        (index: index, labels: directory.labels(of: pool) + [("plugin_name", name)])
      }
    }
    guard !indexes.isEmpty else { return }
    writer.family("epp_prefix_index_entries", kind: .gauge, help: "Blocks remembered in the prefix index.")
    for (index, labels) in indexes { writer.sample(Double(index.entryCount), labels: labels) }
    writer.family("epp_prefix_index_bytes", kind: .gauge, help: "Memory of the prefix index.")
    for (index, labels) in indexes { writer.sample(Double(index.memoryBytes), labels: labels) }
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
