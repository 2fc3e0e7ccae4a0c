import Endpoints
import InferenceAPI
import Scheduling

/// What is in force for a pool: its endpoints and the plugins a configuration made. Immutable; a reload makes a new one.
public final class PoolState: Sendable {
  /// The pool's name.
  public let name: String
  /// The pool's endpoints.
  public let endpoints: EndpointTable
  /// The plugins.
  public let plugins: LoadedPlugins
  let parsers: RequestParserRegistry
  let responsePlugins: [any ResponseHeadersPlugin]
  /// Whether the proxy's subset of candidates is followed.
  let followsSubset: Bool

  /// Puts a pool together.
  public init(name: String, endpoints: EndpointTable, plugins: LoadedPlugins, followsSubset: Bool = true) {
    self.name = name
    self.endpoints = endpoints
    self.plugins = plugins
    self.parsers = RequestParserRegistry(plugins.parsers)
    self.responsePlugins = plugins.instances.compactMap { $0.plugin as? any ResponseHeadersPlugin }
    self.followsSubset = followsSubset
  }
}
