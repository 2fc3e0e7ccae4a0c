import Endpoints
import ModelServerMetrics
import Telemetry

/// How the scraping of model servers goes, in sum and for each endpoint.
struct ScrapeCollector: MetricsCollector {
  let directory: PoolDirectory
  let clock: NanosecondClock

  private typealias Labels = [(name: String, value: String)]

  func collect(into writer: inout MetricsWriter) {
    let pools = directory.pools.compactMap { pool in
      pool.scrapers.map { (pool: pool, scrapers: $0, labels: directory.labels(of: pool)) }
    }
    guard !pools.isEmpty else { return }
    writer.family("epp_scrapes_total", kind: .counter, help: "Scrapes of model servers.")
    for (_, scrapers, labels) in pools {
      let totals = scrapers.totals
      writer.sample(Double(totals.succeeded), labels: labels + [("result", "success")])
      writer.sample(Double(totals.failed), labels: labels + [("result", "failure")])
    }
    writer.family("epp_scraped_bytes_total", kind: .counter, help: "Bytes read from metrics pages.")
    for (_, scrapers, labels) in pools { writer.sample(Double(scrapers.totals.bytes), labels: labels) }

    writer.family(
      "epp_server_restarts_total", kind: .counter,
      help: "Model servers that were seen to have begun anew, whose cached prefixes were forgotten.")
    for (_, scrapers, labels) in pools { writer.sample(Double(scrapers.totals.restarts), labels: labels) }

    let now = clock.seconds()
    let endpoints: [(labels: Labels, status: ScrapeStatus)] = pools.flatMap { pool, scrapers, labels in
      let statuses = scrapers.statuses()
      return pool.current.value.endpoints.snapshot().endpoints.compactMap { endpoint in
        statuses[endpoint.id].map { status in
          (labels + [("endpoint_name", endpoint.id.name), ("namespace", endpoint.id.namespace)], status)
        }
      }
    }
    guard !endpoints.isEmpty else { return }
    writer.family(
      "epp_endpoint_scrape_age_seconds", kind: .gauge,
      help: "Time since an endpoint's metrics were read last, in seconds; absent if they never were.")
    for (labels, status) in endpoints {
      if let age = status.age(now: now) { writer.sample(max(0, age), labels: labels) }
    }
    writer.family(
      "epp_endpoint_scrape_failures", kind: .gauge,
      help: "Failed scrapes of an endpoint since the last that succeeded.")
    for (labels, status) in endpoints { writer.sample(Double(status.consecutiveFailures), labels: labels) }
  }
}
