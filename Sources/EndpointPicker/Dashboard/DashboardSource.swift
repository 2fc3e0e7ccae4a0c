import Endpoints
import GRPC
import ModelServerMetrics
import Scheduling
import Telemetry

/// Gathers what the dashboard shows. Reads what is there; nothing is counted for the dashboard alone.
struct DashboardSource: Sendable {
  let pool: ServedPool
  /// Age from which on metrics are stale, in seconds.
  let staleness: Double
  let registry: MetricsRegistry
  let server: GRPCServer
  let maximumBufferedBytes: Int
  let decisionFile: DecisionFile?
  let clock: NanosecondClock

  private static let histograms = [
    (key: "decision", name: PickerMetrics.decisionDurationName),
    (key: "request", name: "llm_d_epp_request_duration_seconds"),
    (key: "first_token", name: "llm_d_epp_request_ttft_seconds"),
    (key: "inter_token", name: "llm_d_epp_request_streaming_itl_seconds"),
    (key: "prefix_hits", name: "llm_d_epp_prefix_indexer_hit_ratio"),
    (key: "loop_lag", name: PickerMetrics.loopLagName),
  ]
  private static let columns = [
    "name", "namespace", "address", "queue", "running", "kv", "in_flight", "tokens", "blocks", "picks", "age",
    "failures", "error",
  ]

  /// Writes an object.
  func write(to json: inout JSONWriter, now: Double) {
    let state = pool.current.value
    let readings = readings(state, now)
    json.beginObject()
    json.field("name", pool.name)
    json.field("time", now, decimals: 3)
    json.field("generation", pool.current.generation)
    json.field("stale_after", staleness)
    let saturation = pool.saturation.saturation()
    json.field("saturation", saturation, decimals: 3)
    writeEndpoints(readings, &json)
    writeTotals(&json)
    json.key("histograms")
    json.beginObject()
    for (key, name) in Self.histograms { writeHistogram(key, name, &json) }
    json.endObject()
    let modes = modes()
    writeModes(modes, &json)
    writeWarnings(readings, saturation: saturation, modes: modes, state, &json)
    json.endObject()
  }

  // MARK: Endpoints

  private func readings(_ state: PoolState, _ now: Double) -> [EndpointReading] {
    let table = state.endpoints
    let statuses = pool.scrapers?.statuses() ?? [:]
    let picks = registry.totals(of: "llm_d_epp_scheduler_attempts_total", by: "endpoint_name")
    let indexes = pool.services.allPrefixIndexes.values
    let unhealthy = Set(state.health?.board.unhealthyEndpoints().map(\.endpoint.id) ?? [])
    return table.snapshot().endpoints.map { endpoint in
      let slot = endpoint.slot
      var reading = EndpointReading(
        name: endpoint.id.name, namespace: endpoint.id.namespace, address: endpoint.addressText)
      reading.queue = table.value(.waitingQueueSize, slot: slot)
      reading.running = table.value(.runningRequests, slot: slot)
      reading.kvCache = table.value(.kvCacheUsage, slot: slot)
      reading.inFlight = table.inFlightRequests(slot: slot)
      reading.inFlightTokens = table.inFlightTokens(slot: slot)
      reading.prefixBlocks = indexes.reduce(0) { $0 + $1.entryCount(of: UInt32(slot)) }
      reading.picks = picks[endpoint.id.name] ?? 0
      reading.isUnhealthy = unhealthy.contains(endpoint.id)
      if let status = statuses[endpoint.id] {
        reading.age = status.age(now: now).map { max(0, $0) }
        reading.failures = status.consecutiveFailures
        reading.error = status.lastError
        if !status.missing.isEmpty { reading.missing = pool.scrapers?.describe(status.missing, of: endpoint) }
      }
      return reading
    }
  }

  private func writeEndpoints(_ readings: [EndpointReading], _ json: inout JSONWriter) {
    json.field("columns", Self.columns)
    json.key("endpoints")
    json.beginArray()
    for reading in readings {
      json.beginArray()
      json.value(reading.name)
      json.value(reading.namespace)
      json.value(reading.address)
      json.value(reading.queue)
      json.value(reading.running)
      json.value(reading.kvCache, decimals: 4)
      json.value(reading.inFlight)
      json.value(reading.inFlightTokens)
      json.value(reading.prefixBlocks)
      json.value(reading.picks)
      if let age = reading.age { json.value(age, decimals: 2) } else { json.null() }
      json.value(reading.failures)
      if let error = reading.error { json.value(error) } else { json.null() }
      json.endArray()
    }
    json.endArray()
  }

  // MARK: The process

  private func writeTotals(_ json: inout JSONWriter) {
    let transport = server.statistics
    json.key("totals")
    json.beginObject()
    json.field("picks", registry.total(of: "llm_d_epp_scheduler_attempts_total"))
    json.field("errors", registry.total(of: "llm_d_epp_request_error_total"))
    json.field("connections", server.connectionCount)
    json.field("streams", transport.streamsOpened - transport.streamsClosed)
    json.field("streams_opened", transport.streamsOpened)
    json.field("resets", transport.unfinishedResets)
    json.field("received", transport.bytesReceived)
    json.field("sent", transport.bytesSent)
    json.field("buffered", server.bufferedBytes)
    json.field("prefix_blocks", pool.services.allPrefixIndexes.values.reduce(0) { $0 + $1.entryCount })
    json.field("prefix_bytes", pool.services.allPrefixIndexes.values.reduce(0) { $0 + $1.memoryBytes })
    if let usage = ProcessUsage.current() {
      json.field("cpu", usage.cpuSeconds, decimals: 2)
      json.field("memory", usage.residentBytes)
      json.field("uptime", usage.uptimeSeconds, decimals: 0)
    }
    json.endObject()
  }

  private func writeHistogram(_ key: String, _ name: String, _ json: inout JSONWriter) {
    guard let histogram = registry.histogramTotals(of: name) else { return }
    json.key(key)
    json.beginObject()
    json.key("bounds")
    json.beginArray()
    for bound in histogram.bounds { json.value(bound) }
    json.endArray()
    json.key("counts")
    json.beginArray()
    for count in histogram.counts { json.value(count) }
    json.endArray()
    json.field("sum", histogram.sum)
    json.endObject()
  }

  // MARK: The proxy and what to look at

  private func modes() -> [PoolWarnings.Mode] {
    registry.totals(of: PickerMetrics.streamsByModeName, by: "request_body_mode", "response_body_mode")
      .map { PoolWarnings.Mode(request: $0.key[0], response: $0.key[1], streams: $0.value) }
      .filter { $0.streams > 0 }
      .sorted { $0.streams > $1.streams }
  }

  private func writeModes(_ modes: [PoolWarnings.Mode], _ json: inout JSONWriter) {
    json.key("modes")
    json.beginArray()
    for mode in modes {
      json.beginObject()
      json.field("request", mode.request)
      json.field("response", mode.response)
      json.field("streams", mode.streams)
      json.endObject()
    }
    json.endArray()
  }

  private func writeWarnings(
    _ readings: [EndpointReading], saturation: Double, modes: [PoolWarnings.Mode], _ state: PoolState,
    _ json: inout JSONWriter
  ) {
    var warnings = PoolWarnings()
    warnings.endpoints = readings
    warnings.isScraped = pool.scrapers != nil
    warnings.staleness = staleness
    warnings.saturation = saturation
    warnings.modes = modes
    warnings.bufferedBytes = server.bufferedBytes
    warnings.maximumBufferedBytes = maximumBufferedBytes
    warnings.droppedDecisions = decisionFile?.counts.dropped ?? 0
    warnings.configurationWarnings = state.plugins.warnings.map { "\($0)" }
    json.key("warnings")
    json.beginArray()
    for warning in warnings.all {
      json.beginObject()
      json.field("severity", warning.severity.rawValue)
      json.field("text", warning.text)
      json.endObject()
    }
    json.endArray()
  }
}
