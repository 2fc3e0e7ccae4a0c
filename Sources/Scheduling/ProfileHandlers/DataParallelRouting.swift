import Endpoints

/// Sends a request for a rank of a data-parallel server to the server's primary port and tells a sidecar there, by a
/// header, which rank it is for.
struct DataParallelRouting: Sendable {
  static let header = "x-data-parallel-host-port"

  let primaryPort: UInt16

  /// Redirects the request of a cycle whose destination is `endpoint`.
  func redirect(_ cycle: SchedulingCycle, to endpoint: Endpoint) {
    cycle.setRequestHeader(Self.header, to: endpoint.addressText)
    cycle.setDestinationPort(primaryPort)
  }
}
