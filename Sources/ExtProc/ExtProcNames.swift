/// Names of the Endpoint Picker protocol: headers, and namespaces and keys of metadata.
public enum ExtProcNames {
  /// The method the proxy calls.
  public static let methodPath = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
  /// Request header and metadata key with the endpoint picked, `ip:port[,ip:port…]`.
  public static let destinationEndpoint = "x-gateway-destination-endpoint"
  /// Metadata namespace of the destination and of the served endpoint.
  public static let loadBalancerNamespace: StaticString = "envoy.lb"
  /// Metadata key under which the proxy reports the endpoint that served.
  public static let servedEndpoint: StaticString = "x-gateway-destination-endpoint-served"
  /// Metadata namespace of the candidates the proxy allows.
  public static let subsetNamespace: StaticString = "envoy.lb.subset_hint"
  /// Metadata key of the candidates the proxy allows.
  public static let subsetKey: StaticString = "x-gateway-destination-endpoint-subset"
  /// Most body bytes in one answer; Envoy refuses larger ones in full-duplex mode.
  public static let maxChunk = 62_000
}
