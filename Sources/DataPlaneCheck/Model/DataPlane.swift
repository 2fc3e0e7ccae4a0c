/// A proxy's configuration, reduced to what decides how it works with a picker.
public struct DataPlane: Sendable, Hashable {
  /// All HTTP filter chains.
  public let chains: [FilterChain]
  /// All clusters by name.
  public let clusters: [String: Cluster]

  /// Decodes a configuration dump or a bootstrap file.
  /// - Parameter source: the name that errors give the document.
  /// - Throws: ``CheckError`` when it is neither.
  public init(_ value: EnvoyValue, source: String) throws(CheckError) {
    let document = try ProxyDocument(value, source: source)
    chains = document.listeners.flatMap { listener in
      let chains = listener["filter_chains"].elements + [listener["default_filter_chain"]]
      return chains.flatMap { $0["filters"].elements }.map { $0["typed_config"] }
        .filter { $0.typeName == "HttpConnectionManager" }
        .map { FilterChain($0, listener: listener, document: document) }
    }
    clusters = Dictionary(document.clusters.map { ($0["name"].text ?? "", Cluster($0)) }) { _, last in last }
  }
}
