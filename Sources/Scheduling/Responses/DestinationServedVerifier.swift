/// `destination-endpoint-served-verifier`: tells the client which endpoint the proxy says it used. For conformance
/// tests.
public struct DestinationServedVerifier: ResponseHeadersPlugin {
  static let header = "x-conformance-test-served-endpoint"

  /// Creates the plugin; it has no parameters.
  public init() {}

  /// Adds the header.
  public func addResponseHeaders(_ request: PlacedRequest, to headers: inout [(name: String, value: String)]) {
    let value =
      switch request.report {
      case .address(let address): address
      case .noAddress: "fail: missing destination endpoint served metadata"
      case .noMetadata: "fail: missing envoy lb metadata"
      }
    headers.append((Self.header, value))
  }
}

extension PluginRegistration {
  static let destinationServedVerifier = PluginRegistration(type: "destination-endpoint-served-verifier") { _ in
    DestinationServedVerifier()
  }
}
