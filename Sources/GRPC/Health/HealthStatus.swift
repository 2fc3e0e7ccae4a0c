import NIOCore
import Synchronization

/// The health of the process, as `grpc.health.v1.Health` tells it.
///
/// `liveness` is serving for as long as the process answers; every other name, the empty one included, follows
/// readiness (Endpoint Picker protocol, health). With leader election only the names of the protocol are known. Parts of
/// the process, such as pools, may have names of their own, which are known too. Safe to use from any thread.
public final class HealthStatus: Sendable {
  /// Status values of the health API.
  public enum Serving: UInt32, Sendable {
    /// Ready for calls.
    case serving = 1
    /// Not ready for calls.
    case notServing = 2
    /// No such service; told as a status only where names are limited.
    case serviceUnknown = 3
  }

  /// The names that a listing shows.
  public static let listedServices = ["", "liveness", "readiness", "envoy.service.ext_proc.v3.ExternalProcessor"]

  private struct State {
    var isReady = false
    var isDraining = false
    /// Whether the parts that have a name can be served, by name.
    var parts: [String: Bool] = [:]
    var watchers: [Int: @Sendable () -> Void] = [:]
    var nextWatcher = 0
  }

  private let state = Mutex(State())

  private let answersOnlyListedNames: Bool

  /// Creates a status that is not ready.
  /// - Parameter answersOnlyListedNames: names beyond ``listedServices`` are not known, instead of following readiness.
  public init(answersOnlyListedNames: Bool = false) {
    self.answersOnlyListedNames = answersOnlyListedNames
  }

  /// Whether calls can be served.
  public var isReady: Bool { state.withLock { $0.isReady } }

  /// Changes readiness and tells the watchers. Without effect once draining.
  public func setReady(_ isReady: Bool) {
    change { state in if !state.isDraining { state.isReady = isReady } }
  }

  /// Names a part of the process and says whether it can be served; nil forgets it. Names of the protocol stay what they
  /// are. A part is serving while the process is ready too.
  public func setPart(_ name: String, _ isReady: Bool?) {
    change { $0.parts[name] = isReady }
  }

  /// The process is about to stop: not ready from now on, whoever says otherwise.
  public func startDraining() {
    change { state in
      state.isDraining = true
      state.isReady = false
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let watchers = state.withLock { state -> [@Sendable () -> Void] in
      let (wasReady, parts) = (state.isReady, state.parts)
      body(&state)
      return state.isReady == wasReady && state.parts == parts ? [] : Array(state.watchers.values)
    }
    for watcher in watchers { watcher() }
  }

  /// The status of a service.
  public func status(of service: String) -> Serving {
    let isListed = Self.listedServices.contains(service)
    let (isReady, part) = state.withLock { ($0.isReady, isListed ? nil : $0.parts[service]) }
    if let part { return part && isReady ? .serving : .notServing }
    if answersOnlyListedNames, !isListed { return .serviceUnknown }
    return service == "liveness" || isReady ? .serving : .notServing
  }

  /// All names that a listing shows: those of the protocol, then those of parts.
  var allListedServices: [String] {
    let parts = state.withLock { $0.parts.keys.sorted() }
    return Self.listedServices + parts.filter { !Self.listedServices.contains($0) && $0.utf8.count <= 100 }
  }

  func addWatcher(_ changed: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = changed
      return state.nextWatcher
    }
  }

  func removeWatcher(_ id: Int) {
    _ = state.withLock { $0.watchers.removeValue(forKey: id) }
  }
}
