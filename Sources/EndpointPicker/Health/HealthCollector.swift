import Scheduling
import Telemetry

/// Which endpoints are left alone because their requests failed, and how often that happened.
struct HealthCollector: MetricsCollector {
  let directory: PoolDirectory

  func collect(into writer: inout MetricsWriter) {
    let readings = directory.pools.compactMap { pool in
      pool.current.value.health.map { health in
        (
          labels: directory.labels(of: pool), unhealthy: health.board.unhealthyEndpoints(), totals: health.board.totals
        )
      }
    }
    guard !readings.isEmpty else { return }
    writer.family("epp_unhealthy_endpoints", kind: .gauge, help: "Endpoints left alone because their requests failed.")
    for reading in readings { writer.sample(Double(reading.unhealthy.count), labels: reading.labels) }
    writer.family(
      "epp_endpoint_ejections_total", kind: .counter,
      help: "How often endpoints became unhealthy, by the cause of the last failure.")
    for reading in readings {
      for cause in HealthBoard.Cause.allCases {
        writer.sample(
          Double(reading.totals.ejections[cause, default: 0]), labels: reading.labels + [("cause", cause.rawValue)])
      }
    }
    writer.family(
      "epp_endpoint_probes_total", kind: .counter, help: "Requests that tried an unhealthy endpoint, by their end.")
    for reading in readings {
      for result in HealthBoard.ProbeResult.allCases {
        writer.sample(
          Double(reading.totals.probes[result, default: 0]), labels: reading.labels + [("result", result.rawValue)])
      }
    }
    guard readings.contains(where: { !$0.unhealthy.isEmpty }) else { return }
    writer.family(
      "epp_endpoint_unhealthy", kind: .gauge, help: "1 for endpoints left alone because their requests failed.")
    for reading in readings {
      for (endpoint, _) in reading.unhealthy {
        writer.sample(
          1, labels: reading.labels + [("endpoint_name", endpoint.id.name), ("namespace", endpoint.id.namespace)])
      }
    }
  }
}
