import Endpoints
import FlowControl
import NIOCore
import Scheduling
import Synchronization

/// The queues of one pool, shared by all event loops: requests ask for their turn and are called when it has come
/// (flow control).
///
/// Each arrival runs one dispatch cycle, and so does each millisecond while requests wait; nothing runs while none do.
/// Taken out of a queue, a request is scheduled on its own loop with what is known then. Safe to use from any thread:
/// a lock is held for the length of a cycle, and by nobody while the feature is off.
final class FlowController: Sendable {
  /// Whom to tell when a waiting request leaves its queue.
  struct Waiter: Sendable {
    let eventLoop: any EventLoop
    let call: @Sendable (FlowOutcome) -> Void
  }

  /// What came of asking for a turn.
  enum Answer {
    /// The waiter will be called, on its event loop and not before this one is done.
    case waits(FlowTicket)
    /// Nothing waits; the waiter will not be called.
    case decided(FlowOutcome)
  }

  private struct State {
    var queues: FlowQueues
    var saturation: PoolSaturation
    var waiters: [FlowTicket: Waiter] = [:]
    var isTicking = false
    var isShutDown = false
    var nextExpiry = 0.0
  }

  /// Between dispatch cycles while requests wait.
  private static let tick = TimeAmount.milliseconds(1)
  /// Between looks for requests that have waited too long, in seconds.
  private static let expiryInterval = 0.1

  /// Limits and policies.
  let settings: FlowControlSettings
  private let clock: NanosecondClock
  private let state: Mutex<State>

  init(
    _ settings: FlowControlSettings, plugins: LoadedPlugins, endpoints: EndpointTable, clock: NanosecondClock
  ) {
    self.settings = settings
    self.clock = clock
    let saturation = PoolSaturation(
      plugins.saturationDetector, endpoints: endpoints, countsPendingRequests: plugins.countsPendingRequests)
    state = Mutex(State(queues: FlowQueues(settings), saturation: saturation))
  }

  /// Asks for a request's turn.
  /// - Parameters:
  ///   - waiter: is called later unless the answer is there at once.
  ///   - cycleSeconds: is told how long the dispatch cycle took.
  func ask(_ request: QueuedRequest, _ waiter: Waiter, cycleNanoseconds: inout UInt64) -> Answer {
    let now = request.enqueuedAt
    var dispatched: Waiter?
    var startsTicking = false
    let began = clock.nanoseconds()
    let answer: Answer = state.withLock { state in
      guard !state.isShutDown else { return .decided(.rejectedShuttingDown) }
      let reading = state.saturation.read(now: now)
      state.queues.setHasEndpoints(state.saturation.endpointCount > 0, now: now)
      let ticket: FlowTicket
      switch state.queues.enqueue(request) {
      case .success(let given): ticket = given
      case .failure(.capacity): return .decided(.rejectedCapacity)
      case .failure(.noEndpoints): return .decided(.rejectedNoEndpoints)
      }
      let next = state.queues.dispatch(saturation: reading.effective, now: now)?.ticket
      if next == ticket { return .decided(.dispatched) }
      if let next { dispatched = state.waiters.removeValue(forKey: next) }
      state.waiters[ticket] = waiter
      startsTicking = !state.isTicking
      state.isTicking = true
      return .waits(ticket)
    }
    cycleNanoseconds = clock.nanoseconds() &- began
    if let dispatched { tell(dispatched, .dispatched) }
    if startsTicking { scheduleTick(on: waiter.eventLoop) }
    return answer
  }

  /// The client of a waiting request is gone. Its waiter is not called any more.
  /// - Returns: false when the request's turn has come already.
  @discardableResult
  func leave(_ ticket: FlowTicket) -> Bool {
    let now = clock.seconds()
    return state.withLock { state in
      state.waiters[ticket] = nil
      return state.queues.remove(ticket, now: now)
    }
  }

  /// Turns away everything that waits and everything that comes.
  func shutDown() {
    let now = clock.seconds()
    let left = state.withLock { state in
      state.isShutDown = true
      return state.queues.removeAll(now: now).compactMap { state.waiters.removeValue(forKey: $0) }
    }
    for waiter in left { tell(waiter, .rejectedShuttingDown) }
  }

  /// How full the queues are.
  var usage: (requests: Int, bytes: Int, bands: [FlowBandUsage]) {
    state.withLock { ($0.queues.count, $0.queues.bytes, $0.queues.usage) }
  }

  /// One cycle, and a look for requests that have waited too long. Called by a timer; also by tests.
  /// - Returns: whether requests still wait.
  func runCycle() -> Bool {
    let now = clock.seconds()
    var told: [(waiter: Waiter, outcome: FlowOutcome)] = []
    let waits = state.withLock { state in
      let reading = state.saturation.read(now: now)
      state.queues.setHasEndpoints(state.saturation.endpointCount > 0, now: now)
      if now >= state.nextExpiry {
        state.nextExpiry = now + Self.expiryInterval
        let (tickets, outcome) = state.queues.expire(now: now)
        for ticket in tickets {
          if let waiter = state.waiters.removeValue(forKey: ticket) { told.append((waiter, outcome)) }
        }
      }
      if let next = state.queues.dispatch(saturation: reading.effective, now: now)?.ticket,
        let waiter = state.waiters.removeValue(forKey: next)
      {
        told.append((waiter, .dispatched))
      }
      state.isTicking = state.queues.count > 0
      return state.isTicking
    }
    for (waiter, outcome) in told { tell(waiter, outcome) }
    return waits
  }

  private func scheduleTick(on eventLoop: any EventLoop) {
    eventLoop.scheduleTask(in: Self.tick) { [self] in
      if runCycle() { scheduleTick(on: eventLoop) }
    }
  }

  private func tell(_ waiter: Waiter, _ outcome: FlowOutcome) {
    waiter.eventLoop.execute { waiter.call(outcome) }
  }
}
