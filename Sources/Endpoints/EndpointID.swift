/// Identity of an endpoint for its whole life: one target port of one model server.
///
/// Discovery sources name endpoints after the pod, or the line of a file, they came from. All state kept per endpoint
/// (prefix blocks, in-flight counters, session bindings) follows this identity and not the address, so that an address
/// change keeps it.
public struct EndpointID: Hashable, Sendable, CustomStringConvertible {
  /// Namespace of the model server, `default` outside Kubernetes.
  public let namespace: String
  /// Name within the namespace, such as `llama-7d9f-rank-0`.
  public let name: String

  /// Creates an identity from its two parts.
  public init(namespace: String = "default", name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// `namespace/name`.
  public var description: String { "\(namespace)/\(name)" }
}
