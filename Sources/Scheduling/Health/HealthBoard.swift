import Endpoints
import Synchronization

/// The health of a pool's endpoints as their requests tell it. Outlives configurations; any thread.
///
/// As long as no endpoint has failed, everything here is one atomic load.
public final class HealthBoard: Sendable {
  /// Why a request counts as failed.
  public enum Cause: String, Sendable, CaseIterable {
    /// The response had a status of 5xx, or the gRPC status of a server that cannot.
    case status
    /// The proxy reported that another endpoint served.
    case fallback
    /// The proxy reset the stream before there were response headers.
    case reset
  }

  /// How probes end.
  public enum ProbeResult: String, Sendable, CaseIterable {
    case success
    case failure
    /// The client went away first, or the response was not shown.
    case unknown
  }

  /// What has happened since the start.
  public struct Totals: Sendable, Equatable {
    /// Endpoints ejected, by the cause of the last failure.
    public internal(set) var ejections: [Cause: Int] = [:]
    /// Probes that ended.
    public internal(set) var probes: [ProbeResult: Int] = [:]
  }

  /// One request on one endpoint.
  public struct Attempt: Sendable {
    /// The endpoint.
    public let endpoint: Endpoint
    /// When the request arrived, in seconds.
    public let arrival: Double
    /// Whether it is the endpoint's probe.
    public let isProbe: Bool

    /// Describes an attempt.
    public init(endpoint: Endpoint, arrival: Double, isProbe: Bool = false) {
      self.endpoint = endpoint
      self.arrival = arrival
      self.isProbe = isProbe
    }
  }

  private struct Entry {
    /// The one that the health is of; another endpoint in the slot, or another address, starts healthy.
    var endpoint: Endpoint
    var health: EndpointHealth

    func isOf(_ other: Endpoint) -> Bool {
      endpoint === other || (endpoint.id == other.id && endpoint.address == other.address)
    }
  }

  private struct State {
    /// By slot of the endpoint table.
    var entries: [Entry?] = []
    var totals = Totals()

    func entry(_ endpoint: Endpoint) -> Entry? {
      guard endpoint.slot < entries.count, let entry = entries[endpoint.slot], entry.isOf(endpoint) else { return nil }
      return entry
    }
  }

  private let state = Mutex(State())
  private let suspects = Atomic<Int>(0)
  private let unhealthy = Atomic<Int>(0)
  private let responses = Atomic<Bool>(false)

  /// A board of healthy endpoints.
  public init() {}

  /// Endpoints that are unhealthy or being probed.
  public var unhealthyCount: Int { unhealthy.load(ordering: .relaxed) }

  /// Whether a failure is counted anywhere, so that successes matter.
  public var hasSuspects: Bool { suspects.load(ordering: .relaxed) > 0 }

  /// Whether any response was shown so far. Proxies that show none reset streams at any time, which says nothing.
  public var hasSeenResponses: Bool { responses.load(ordering: .relaxed) }

  /// A response was shown.
  public func sawResponse() {
    if !hasSeenResponses { responses.store(true, ordering: .relaxed) }
  }

  // MARK: Requests

  /// A request was placed on an endpoint.
  /// - Returns: whether it is the endpoint's probe, which must then end in one of the ways below.
  public func placed(on endpoint: Endpoint, at now: Double, _ parameters: PassiveHealthParameters) -> Bool {
    guard unhealthyCount > 0 else { return false }
    return change(endpoint) { health, _ in health.placed(at: now, parameters) } ?? false
  }

  /// A request succeeded.
  public func succeeded(_ attempt: Attempt, at now: Double) -> EndpointHealth.Change? {
    guard attempt.isProbe || hasSuspects else { return nil }
    return change(attempt.endpoint) { health, totals in
      if attempt.isProbe { totals.probes[.success, default: 0] += 1 }
      return health.succeeded(arrival: attempt.arrival, isProbe: attempt.isProbe, at: now)
    } ?? nil
  }

  /// A request failed.
  public func failed(
    _ attempt: Attempt, _ cause: Cause, at now: Double, _ parameters: PassiveHealthParameters
  ) -> EndpointHealth.Change? {
    change(attempt.endpoint, makes: true) { health, totals in
      if attempt.isProbe { totals.probes[.failure, default: 0] += 1 }
      let change = health.failed(arrival: attempt.arrival, isProbe: attempt.isProbe, at: now, parameters)
      if case .ejected = change { totals.ejections[cause, default: 0] += 1 }
      return change
    } ?? nil
  }

  /// A request ended without telling anything.
  public func endedUnknown(_ attempt: Attempt, at now: Double) {
    guard attempt.isProbe else { return }
    change(attempt.endpoint) { health, totals in
      totals.probes[.unknown, default: 0] += 1
      health.probeEnded(at: now)
    }
  }

  /// The endpoint is gone.
  public func remove(_ endpoint: Endpoint) {
    state.withLock { state in
      guard let entry = state.entry(endpoint) else { return }
      state.entries[endpoint.slot] = nil
      count(entry.health, -1)
    }
  }

  /// - Parameter makes: whether an endpoint that nothing is known of gets an entry.
  /// - Returns: nil when there is no entry.
  @discardableResult
  private func change<Result>(
    _ endpoint: Endpoint, makes: Bool = false, _ body: (inout EndpointHealth, inout Totals) -> Result
  ) -> Result? {
    state.withLock { state in
      let known = state.entry(endpoint)
      guard known != nil || makes else { return nil }
      while state.entries.count <= endpoint.slot { state.entries.append(nil) }
      // Another endpoint that had the slot is forgotten.
      if let old = state.entries[endpoint.slot] { count(old.health, -1) }
      var health = known?.health ?? EndpointHealth()
      let result = body(&health, &state.totals)
      state.entries[endpoint.slot] = Entry(endpoint: endpoint, health: health)
      count(health, 1)
      return result
    }
  }

  private func count(_ health: EndpointHealth, _ number: Int) {
    if !health.isClean { suspects.add(number, ordering: .relaxed) }
    if !health.isHealthy { unhealthy.add(number, ordering: .relaxed) }
  }

  // MARK: Reading

  /// Clears `keep` for the candidates of a cycle that had better be left alone now.
  func filter(
    _ cycle: SchedulingCycle, _ parameters: PassiveHealthParameters, keep: UnsafeMutableBufferPointer<Bool>
  ) {
    state.withLock { state in
      for position in keep.indices {
        let slot = cycle.slot(position)
        guard slot < state.entries.count, let entry = state.entries[slot],
          !entry.health.isAvailable(at: cycle.now, parameters), entry.isOf(cycle.endpoint(position))
        else { continue }
        keep[position] = false
      }
    }
  }

  /// The endpoints that are unhealthy or being probed, in the order of their slots.
  public func unhealthyEndpoints() -> [(endpoint: Endpoint, health: EndpointHealth)] {
    state.withLock { state in
      state.entries.compactMap { entry in
        guard let entry, !entry.health.isHealthy else { return nil }
        return (entry.endpoint, entry.health)
      }
    }
  }

  /// What has happened since the start.
  public var totals: Totals { state.withLock { $0.totals } }
}
