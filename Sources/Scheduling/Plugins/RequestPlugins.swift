import Endpoints

/// Learns where requests go, whether a profile refers to it or not.
public protocol PlacementObserver: Plugin {
  /// The request was scheduled and counted on its endpoint: the cycle holds the results, all candidates are current
  /// again. The place to set headers of the forwarded request (``SchedulingCycle/setRequestHeader(_:to:)``).
  ///
  /// Called on event loops: no waiting, no I/O.
  func requestPlaced(_ cycle: SchedulingCycle)
}

/// Turns requests away that the pool had better not take now. Asked after producers and before profiles run.
public protocol Admitter: Plugin {
  /// Why the request must not be scheduled, for the client to read; nil admits it.
  func denial(_ cycle: SchedulingCycle) -> String?
}

/// Tells how much load a request puts on an endpoint.
public protocol LoadEstimator: Plugin {
  /// Tokens that the request counts on a candidate, and whether they count until the response ends rather than until
  /// it begins.
  /// - Parameter candidate: its position among all candidates.
  func estimate(_ cycle: SchedulingCycle, candidate: Int) -> (tokens: Int, isHeldUntilEnd: Bool)
}

/// Forgets what it knows about endpoints that are gone.
public protocol EndpointObserver: Plugin {
  /// The endpoint was removed from the pool. Any thread.
  func endpointRemoved(_ endpoint: Endpoint)

  /// The endpoint's server began anew: what it held is gone. Any thread.
  func endpointRestarted(_ endpoint: Endpoint)
}

extension EndpointObserver {
  /// Most have to forget the same as when the endpoint is removed.
  public func endpointRestarted(_ endpoint: Endpoint) { endpointRemoved(endpoint) }
}

/// Adds headers to responses.
public protocol ResponseHeadersPlugin: Plugin {
  /// Appends headers with lower-case names. Called on event loops, once for each response when its headers arrive.
  func addResponseHeaders(_ request: PlacedRequest, to headers: inout [(name: String, value: String)])
}

/// What is remembered of a request between its placement and its response, for ``ResponseHeadersPlugin``.
public struct PlacedRequest: Sendable {
  /// What the proxy says about the endpoint that served the request (Endpoint Picker protocol, dynamic metadata
  /// `x-gateway-destination-endpoint-served` in `envoy.lb`).
  public enum ServedReport: Sendable, Hashable {
    /// No metadata of the namespace came with the response.
    case noMetadata
    /// Metadata came without the field.
    case noAddress
    /// The address in wire form.
    case address(String)
  }

  /// The endpoint that served the request: the one that the proxy reported, else the first of the destination.
  public var endpoint: Endpoint
  /// What the proxy reported.
  public var report = ServedReport.noMetadata
  /// The first endpoint of each profile that chose one.
  public let profileEndpoints: [(profile: String, endpoint: Endpoint)]

  /// Remembers what a cycle decided; nil before it decided. Allocates, so only for pools with response plugins.
  public init?(_ cycle: SchedulingCycle) {
    guard let primary = cycle.primaryProfile, let endpoint = cycle.results[primary].endpoints.first else { return nil }
    self.endpoint = endpoint
    let names = cycle.profileNames?.names ?? []
    profileEndpoints = zip(names, cycle.results).compactMap { name, result in
      result.endpoints.first.map { (name, $0) }
    }
  }
}
