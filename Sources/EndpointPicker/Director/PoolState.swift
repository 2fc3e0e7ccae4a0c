import Endpoints
import FlowControl
import InferenceAPI
import RequestPolicies
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
  /// What operators say about requests, from whichever source knows it.
  public let policies: RequestPolicyStore
  let responsePlugins: [any ResponseHeadersPlugin]
  let responseReporters: [any ResponseReporter]
  let requestObservers: [any RequestObserver]
  let placementFollowers: [any PlacementFollower]
  /// Tells what endpoints have cached; nil without the default producer.
  let prefixCache: ApproximatePrefixCacheProducer?
  /// Which endpoints have told what they had cached of a prompt; nil when the table has no room for it.
  let tellsCachedTokens: ColumnID?
  /// Where requests wait for their turn; nil while flow control is off.
  let flow: FlowController?
  /// Follows the health of endpoints; nil when it is switched off.
  let health: PassiveHealthFilter?
  /// Whether the proxy's subset of candidates is followed.
  let followsSubset: Bool
  /// The configuration that made the plugins, as YAML, for people.
  public let document: String

  /// Puts a pool together.
  /// - Parameter before: what the state takes the place of; requests wait on in its queues if nothing about these
  ///   changes.
  public init(
    name: String, endpoints: EndpointTable, plugins: LoadedPlugins, policies: RequestPolicyStore = RequestPolicyStore(),
    followsSubset: Bool = true, document: String = "", replacing before: PoolState? = nil
  ) {
    self.name = name
    self.endpoints = endpoints
    self.plugins = plugins
    self.parsers = RequestParserRegistry(plugins.parsers, readsPrompts: plugins.readsPrompts)
    self.policies = policies
    self.responsePlugins = plugins.instances.compactMap { $0.plugin as? any ResponseHeadersPlugin }
    self.responseReporters = plugins.instances.compactMap { $0.plugin as? any ResponseReporter }
    self.requestObservers = plugins.instances.compactMap { $0.plugin as? any RequestObserver }
    self.placementFollowers = plugins.instances.compactMap { $0.plugin as? any PlacementFollower }
    self.prefixCache = plugins.instances.lazy.compactMap { $0.plugin as? ApproximatePrefixCacheProducer }.first
    self.tellsCachedTokens = endpoints.column(named: "tells-cached-tokens")
    if let before, before.endpoints === endpoints, plugins.keepsFlowControl(of: before.plugins) {
      self.flow = before.flow
    } else {
      self.flow = plugins.flowControl.map { settings in
        FlowController(settings, plugins: plugins, endpoints: endpoints, clock: .system)
      }
    }
    self.health = plugins.instances.lazy.compactMap { $0.plugin as? PassiveHealthFilter }.first { $0.isEnabled }
    self.followsSubset = followsSubset
    self.document = document
  }
}
