import PickerConfiguration
import Scheduling

/// One of the policies that a replay compares.
public struct Contender: Sendable {
  /// A policy that needs no configuration.
  public enum Baseline: String, Sendable, Hashable, CaseIterable {
    /// One server after the other.
    case roundRobin = "round-robin"
    /// The server with the fewest requests in flight.
    case leastRequest = "least-request"
    /// Any server.
    case random
    /// The less loaded of two servers drawn at random.
    case powerOfTwo = "power-of-two"
    /// Consistent hashing of the first block of the prompt with bounded load.
    case boundedHash = "bounded-hash"
  }

  enum Kind: Sendable {
    case configuration(EndpointPickerConfig, PluginRegistry, reserves: Bool)
    case baseline(Baseline)
  }

  /// What reports call it.
  public let name: String
  let kind: Kind

  /// A configuration of the picker.
  /// - Parameters:
  ///   - registry: the plugin types the configuration may name.
  ///   - reserves: whether scorers see what was placed since the last scrape, as the running picker has it. Off, they see
  ///     scraped values alone, as those of the reference do.
  public init(name: String, configuration: EndpointPickerConfig, registry: PluginRegistry, reserves: Bool = true) {
    self.name = name
    kind = .configuration(configuration, registry, reserves: reserves)
  }

  /// A baseline, named after itself.
  public init(_ baseline: Baseline) {
    name = baseline.rawValue
    kind = .baseline(baseline)
  }

  private func makePolicy(
    _ settings: ServerSettings, seed: UInt64, tokensPerBlock: Int
  ) throws(ReplayError) -> any RoutingPolicy {
    guard case .configuration = kind, settings.replicas > 1 else {
      return try makePolicy(servers: settings.count, seed: seed, tokensPerBlock: tokensPerBlock)
    }
    var replicas: [any RoutingPolicy] = []
    for replica in 0..<settings.replicas {
      replicas.append(
        try makePolicy(
          servers: settings.count, seed: seed &+ UInt64(replica), tokensPerBlock: tokensPerBlock))
    }
    return ReplicatedPolicy(replicas)
  }

  func makePolicy(servers: Int, seed: UInt64, tokensPerBlock: Int) throws(ReplayError) -> any RoutingPolicy {
    switch kind {
    case .configuration(let config, let registry, let reserves):
      do throws(ReplayError) {
        return try SchedulerPolicy(
          config, registry: registry, servers: (0..<servers).map { "server-\($0)" }, seed: seed,
          tokensPerBlock: tokensPerBlock, reserves: reserves)
      } catch {
        throw ReplayError("\(name): \(error)")
      }
    case .baseline(.roundRobin): return RoundRobinPolicy(servers: servers)
    case .baseline(.leastRequest): return LeastRequestPolicy(servers: servers, seed: seed)
    case .baseline(.random): return RandomPolicy(servers: servers, choices: 1, seed: seed)
    case .baseline(.powerOfTwo): return RandomPolicy(servers: servers, choices: 2, seed: seed)
    case .baseline(.boundedHash): return BoundedHashPolicy(servers: servers)
    }
  }

  /// Replays a trace under this policy.
  /// - Throws: ``ReplayError`` when the configuration cannot be loaded or a setting is out of its range.
  public func replay(_ trace: Trace, on settings: ServerSettings, seed: UInt64) throws(ReplayError) -> ReplayRun {
    try settings.validate()
    let policy = try makePolicy(settings, seed: seed, tokensPerBlock: trace.tokensPerBlock)
    var simulation = try Simulation(trace, on: settings, by: policy)
    return ReplayRun(
      name: name, trace: trace, servers: settings.count, outcomes: simulation.run(), targetTTFT: settings.targetTTFT)
  }
}
