import Kubernetes
import ServiceLifecycle

/// Follows a pool in Kubernetes for as long as it is served.
struct PoolWatching: Service {
  let watcher: PoolWatcher

  func run() async throws {
    await cancelWhenGracefulShutdown { await watcher.run() }
  }
}

/// Takes part in the election of a leader until the process is asked to stop, then gives the lease back, before open
/// streams are waited for.
struct ElectionService: Service {
  let elector: LeaderElector

  func run() async throws {
    await cancelWhenGracefulShutdown { await elector.run() }
  }
}
