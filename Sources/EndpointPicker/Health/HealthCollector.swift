import Scheduling
import Telemetry

/// Which endpoints are left alone because their requests failed, and how often that happened.
struct HealthCollector: MetricsCollector {
  let pool: CurrentPool

  func collect(into writer: inout MetricsWriter) {
    guard let board = pool.value.health?.board else { return }
    let unhealthy = board.unhealthyEndpoints()
    let totals = board.totals
    writer.family("epp_unhealthy_endpoints", kind: .gauge, help: "Endpoints left alone because their requests failed.")
    writer.sample(Double(unhealthy.count))
    writer.family(
      "epp_endpoint_ejections_total", kind: .counter,
      help: "How often endpoints became unhealthy, by the cause of the last failure.")
    for cause in HealthBoard.Cause.allCases {
      writer.sample(Double(totals.ejections[cause, default: 0]), labels: [("cause", cause.rawValue)])
    }
    writer.family(
      "epp_endpoint_probes_total", kind: .counter, help: "Requests that tried an unhealthy endpoint, by their end.")
    for result in HealthBoard.ProbeResult.allCases {
      writer.sample(Double(totals.probes[result, default: 0]), labels: [("result", result.rawValue)])
    }
    guard !unhealthy.isEmpty else { return }
    writer.family(
      "epp_endpoint_unhealthy", kind: .gauge, help: "1 for endpoints left alone because their requests failed.")
    for (endpoint, _) in unhealthy {
      writer.sample(1, labels: [("endpoint_name", endpoint.id.name), ("namespace", endpoint.id.namespace)])
    }
  }
}
