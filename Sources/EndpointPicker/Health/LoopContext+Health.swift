import Endpoints
import Logging
import Scheduling

extension LoopContext {
  /// Notes that an endpoint became unhealthy or healthy. Back-off keeps these lines few.
  func log(_ change: EndpointHealth.Change, of endpoint: Endpoint, cause: HealthBoard.Cause?) {
    switch change {
    case .ejected(let backoff):
      logger.warning(
        "endpoint is unhealthy, others are preferred",
        metadata: [
          "endpoint": "\(endpoint.addressText)", "name": "\(endpoint.id)", "cause": "\(cause?.rawValue ?? "")",
          "backoff": "\(backoff)s",
        ])
    case .recovered:
      logger.notice(
        "endpoint is healthy again", metadata: ["endpoint": "\(endpoint.addressText)", "name": "\(endpoint.id)"])
    }
  }
}
