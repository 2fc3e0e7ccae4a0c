import Endpoints
import Scheduling
import Synchronization

/// Asks the pool's saturation detector outside of requests. Safe to use from any thread.
final class SaturationProbe: Sendable {
  private struct State {
    var pool: PoolState
    var cycle: SchedulingCycle
  }

  private let pool: CurrentPool
  private let clock: NanosecondClock
  private let state: Mutex<State?> = Mutex(nil)

  init(pool: CurrentPool, clock: NanosecondClock) {
    self.pool = pool
    self.clock = clock
  }

  /// 0 for idle, 1 and above for saturated.
  func saturation() -> Double {
    let pool = pool.value
    let now = clock.seconds()
    return state.withLock { state in
      if state?.pool !== pool {
        let cycle = SchedulingCycle(
          table: pool.endpoints, seed: 0, countsPendingRequests: pool.plugins.countsPendingRequests)
        state = State(pool: pool, cycle: cycle)
      }
      guard let cycle = state?.cycle else { return 0 }
      cycle.begin(SchedulingRequest(), now: now)
      return pool.plugins.saturationDetector.saturation(cycle)
    }
  }
}
