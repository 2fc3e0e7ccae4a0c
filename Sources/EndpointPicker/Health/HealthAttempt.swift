import Endpoints
import Scheduling

/// A request on its way, as passive health follows it until there are response headers.
struct HealthAttempt {
  /// The first endpoint of the destination.
  let picked: Endpoint
  /// The others of the destination, best first; almost always empty.
  let others: [Endpoint]
  /// Whether the request is the probe of the first endpoint.
  let isProbe: Bool
  /// The destination's port where it is not the endpoints' own, so that reports of the proxy do not name endpoints.
  let hasOtherPort: Bool
  /// What the proxy says about the endpoint that served; nil while it says nothing.
  var served: String?
}
