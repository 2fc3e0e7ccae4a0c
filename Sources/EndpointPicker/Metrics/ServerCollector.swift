import Endpoints
import GRPC
import ModelServerMetrics
import Scheduling
import Telemetry

/// Values read at the moment of a scrape: the transport, scraping, leases and prefix indexes.
struct ServerCollector: MetricsCollector {
  let server: GRPCServer
  let scrapers: ScraperPool?
  let table: EndpointTable
  let services: PluginServices

  func collect(into writer: inout MetricsWriter) {
    gauge("epp_connections", "Open gRPC connections.", server.connectionCount, &writer)
    gauge("epp_buffered_bytes", "Bytes held for requests and answers.", server.bufferedBytes, &writer)
    let inFlight = table.snapshot().endpoints.reduce(0) { $0 + table.inFlightRequests(slot: $1.slot) }
    gauge("epp_leases", "Requests counted as in flight on an endpoint.", inFlight, &writer)
    if let totals = scrapers?.totals {
      writer.family("epp_scrapes_total", kind: .counter, help: "Scrapes of model servers.")
      writer.sample(Double(totals.succeeded), labels: [("result", "success")])
      writer.sample(Double(totals.failed), labels: [("result", "failure")])
      writer.family("epp_scraped_bytes_total", kind: .counter, help: "Bytes read from metrics pages.")
      writer.sample(Double(totals.bytes))
    }
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
}
