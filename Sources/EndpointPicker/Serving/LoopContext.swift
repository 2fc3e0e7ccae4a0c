import ByteStorage
import Endpoints
import ExtProc
import InferenceAPI
import Logging
import NIOCore
import RequestPolicies
import Scheduling

/// What one event loop owns: memory that is used again for every request, and caches.
///
/// Not thread-safe; only its loop touches it.
final class LoopContext {
  let arena = Arena()
  let parsing: RequestParsingContext
  let clock: NanosecondClock
  let metrics: LoopMetrics
  let answers = HeaderAnswers()
  let instruments: LoopInstruments
  let explainer: Explainer
  let logger: Logger
  private let rejections: RejectionLog
  let eventLoop: any EventLoop
  var random: RandomSource
  var spareCalls: [ExtProcCall] = []
  /// Records requests; nil when tracing is off.
  var tracer: RequestTracer?
  /// Records what becomes of requests in queues; nil where none wait.
  var flow: FlowInstruments?
  /// Carries out what plugins ask other processes; nil when the plugins ask nothing.
  var inquirer: Inquirer?
  /// Inquiries asked so far, which numbers them.
  var inquiryCount: UInt64 = 0
  /// Holds the name of a model that a request's own is replaced by, while the request is scheduled.
  let targetModel = ByteBlock()
  private var cycles: [(pool: PoolState, cycle: SchedulingCycle)] = []
  private var models: [(endpoints: EndpointTable, labels: ModelLabels)] = []
  private var policies: [(store: RequestPolicyStore, version: UInt64, current: RequestPolicies)] = []

  init(
    maximumBodyBytes: Int, clock: NanosecondClock, metrics: LoopMetrics, instruments: LoopInstruments,
    explainer: Explainer, logger: Logger, eventLoop: any EventLoop, seed: UInt64
  ) {
    self.parsing = RequestParsingContext(maximumBodyBytes: maximumBodyBytes)
    self.clock = clock
    self.metrics = metrics
    self.instruments = instruments
    self.explainer = explainer
    self.logger = logger
    self.rejections = RejectionLog(logger: logger, eventLoop: eventLoop, instruments: instruments)
    self.eventLoop = eventLoop
    self.random = RandomSource(seed: seed)
  }

  /// Monotonic time in seconds.
  func now() -> Double { clock.seconds() }

  /// Keeps leases for a time.
  func hold(_ leases: consuming Leases, seconds: Double) {
    let box = HeldLeases(leases)
    eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(seconds * 1e9))) { box.leases = nil }
  }

  /// Notes a request that was refused, one line with its cause.
  /// - Parameter pool: the pool it was for.
  func log(_ rejection: Rejection, requestID: String?, pool: String?) {
    rejections.log(rejection, requestID: requestID, pool: pool, now: now())
  }

  /// Notes a stream that was refused because it is for no pool.
  func logUnknownPool(_ reason: String) { rejections.logUnknownPool(reason, now: now()) }

  /// What tells requests to a pool apart in metrics.
  func models(of pool: PoolState) -> ModelLabels {
    for known in models where known.endpoints === pool.endpoints { return known.labels }
    dropClosed()
    let labels = ModelLabels(metrics: metrics, pool: pool.name)
    models.append((pool.endpoints, labels))
    return labels
  }

  /// The policies in force for a pool, without a lock unless they have changed.
  func policies(of pool: PoolState) -> RequestPolicies {
    let version = pool.policies.version
    if let index = policies.firstIndex(where: { $0.store === pool.policies }) {
      if policies[index].version != version { policies[index] = (pool.policies, version, pool.policies.current) }
      return policies[index].current
    }
    policies.append((pool.policies, version, pool.policies.current))
    return policies[policies.count - 1].current
  }

  /// The scheduling memory for a pool; starts anew when the pool's configuration was replaced.
  func cycle(for pool: PoolState) -> SchedulingCycle {
    for known in cycles where known.pool === pool { return known.cycle }
    dropClosed()
    // Streams that began before a reload go on with what was in force then, so the last one is kept beside.
    let others = cycles.indices.filter { cycles[$0].pool.endpoints === pool.endpoints }
    if others.count > 1 { cycles.remove(at: others[0]) }
    let cycle = SchedulingCycle(
      table: pool.endpoints, seed: random.next(), countsPendingRequests: pool.plugins.countsPendingRequests)
    cycles.append((pool, cycle))
    return cycle
  }

  /// A pool is gone. What a stream that goes on makes anew is dropped with the next pool that comes or goes.
  func forget(_ endpoints: EndpointTable) {
    dropClosed()
    instruments.forget(endpoints)
  }

  private func dropClosed() {
    let stores = cycles.filter { $0.pool.endpoints.isClosed }.map(\.pool.policies)
    policies.removeAll { policy in stores.contains { $0 === policy.store } }
    cycles.removeAll { $0.pool.endpoints.isClosed }
    models.removeAll { $0.endpoints.isClosed }
  }
}

/// Leases on their own, for closures to own.
private final class HeldLeases {
  var leases: Leases?

  init(_ leases: consuming Leases) {
    self.leases = consume leases
  }
}
