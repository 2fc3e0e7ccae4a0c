import Kubernetes
import Synchronization

/// The pools that are served, and which one a stream is for. Safe to use from any thread.
final class PoolDirectory: Sendable {
  typealias Reference = PoolRoutes<CurrentPool>.Reference

  /// Scrapes that failed in pools that are gone, so that sums over all pools never shrink.
  struct PastScrapes: Sendable {
    var failed = 0
    var incomplete = 0
  }

  private struct State {
    var pools: [ServedPool] = []
    /// By the name of the pool; that of a pool which was deleted stays for as long as the pool is served.
    var references: [String: Reference] = [:]
    var routes: PoolRoutes<CurrentPool>
    var past = PastScrapes()
  }

  /// Whether there may be more than one pool: then everything that is told names its pool.
  let isSeveral: Bool
  private let namespace: String
  private let state: Mutex<State>
  private let observing = Mutex(())

  init(isSeveral: Bool, namespace: String) {
    self.isSeveral = isSeveral
    self.namespace = namespace
    state = Mutex(State(routes: PoolRoutes(namespace: namespace)))
  }

  // MARK: Pools

  /// The pools, in their order.
  var pools: [ServedPool] { state.withLock { $0.pools } }

  /// A pool by its name.
  func pool(named name: String) -> ServedPool? { state.withLock { $0.pools.first { $0.name == name } } }

  /// Streams may begin with the pool from now on.
  func add(_ pool: ServedPool) {
    state.withLock { state in
      state.pools.append(pool)
      update(&state)
    }
  }

  /// No stream begins with the pool any more.
  func remove(_ name: String) {
    state.withLock { state in
      if let totals = state.pools.first(where: { $0.name == name })?.scrapers?.totals {
        state.past.failed += Int(totals.failed)
        state.past.incomplete += Int(totals.incomplete)
      }
      state.pools.removeAll { $0.name == name }
      state.references[name] = nil
      update(&state)
    }
  }

  /// The Service that a pool names as its picker; nil when it names none.
  func setReference(_ reference: Reference?, of name: String) {
    state.withLock { state in
      guard state.references[name] != reference else { return }
      state.references[name] = reference
      update(&state)
    }
  }

  private func update(_ state: inout State) {
    state.routes = PoolRoutes(
      namespace: namespace,
      state.pools.compactMap { pool in state.references[pool.name].map { ($0, pool.current) } })
  }

  // MARK: Streams

  /// How streams find their pool where the port says nothing.
  var choice: PoolChoice {
    guard !isSeveral, let only = pools.first else { return .byAuthority(self) }
    return .only(only.current)
  }

  /// The pool that a proxy means by what it calls the picker.
  func choose(authority: [UInt8]) -> PoolRoutes<CurrentPool>.Choice {
    state.withLock { $0.routes }.choose(authority: authority)
  }

  // MARK: Observation

  /// Scrapes of pools that are gone.
  var pastScrapes: PastScrapes { state.withLock { $0.past } }

  /// Looks at all pools. What pools that go leave behind is cleared away before or after, never in between.
  func observe(_ body: ([ServedPool]) -> Void) { observing.withLock { _ in body(pools) } }

  /// Clears away what a pool that is gone left behind.
  func clear(_ body: () -> Void) { observing.withLock { _ in body() } }

  /// The labels that tell a pool's series from those of other pools; none where there is one pool.
  func labels(of pool: ServedPool) -> [(name: String, value: String)] { isSeveral ? [("pool", pool.name)] : [] }
}
