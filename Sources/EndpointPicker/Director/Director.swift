import Endpoints
import InferenceAPI
import Scheduling

/// Takes one request from its bytes to a decision: parse, candidates, scheduling, reservation.
///
/// Runs on an event loop from start to end without waiting. Everything it needs besides the pool is the loop's own.
struct Director {
  /// What came with the request.
  struct Input {
    var headers: StoredHeaders
    /// The whole body, with ``RequestParsingContext/bodyPadding`` readable bytes behind it; nil for a request without,
    /// or one of which only the beginning was sent.
    var body: UnsafeRawBufferPointer?
    /// The candidates the proxy allows; nil for all.
    var subset: [String]?
  }

  /// The endpoint chosen, and the right to count the request there.
  struct Decision: ~Copyable {
    /// The destination, best first; not empty.
    let endpoints: [Endpoint]
    let leases: Leases
    let model: ModelLabel
    /// What plugins change in the request; nil when it goes on as it came.
    let forwarding: ForwardingChanges?
    /// What response plugins want to know later; nil without such plugins.
    let placed: PlacedRequest?
  }

  /// Chooses an endpoint.
  static func decide(_ input: Input, pool: PoolState, loop: LoopContext) throws(Rejection) -> Decision {
    var request = SchedulingRequest()
    request.headers = input.headers
    request.bodyBytes = input.body?.count ?? 0
    if let body = input.body {
      let inference = try parse(body, input.headers, pool, loop)
      request.targetModel = inference.model ?? UnsafeRawBufferPointer(start: nil, count: 0)
      request.inference = inference
    } else if let name = input.headers.modelName {
      request.targetModel = name
    }
    let cycle = loop.cycle(for: pool)
    cycle.begin(request, now: loop.now())
    if let subset = input.subset, pool.followsSubset {
      cycle.restrict(to: SubsetHint.indexes(of: subset, in: cycle.snapshot))
    }
    guard cycle.count > 0 else { throw .noCandidates }
    cycle.trace = loop.decisionLog?.wantsSample(now: cycle.now) == true ? DecisionTrace() : nil
    if let reason = pool.plugins.scheduler.denial(of: cycle) { throw .denied(reason) }
    let started = loop.clock.nanoseconds()
    let primary: Int
    do {
      primary = try pool.plugins.scheduler.schedule(cycle)
    } catch {
      loop.metrics.schedulingFailed(model: loop.models.label(request.targetModel))
      throw .schedulingFailed(Self.text(error, input.headers))
    }
    let chosen = cycle.results[primary].endpoints
    // Reserving right here, before anything else runs on this loop, is what keeps a burst from landing on one endpoint.
    let leases = reserve(cycle, primary, pool)
    pool.plugins.scheduler.requestPlaced(cycle, primary: primary)
    let model = loop.models.label(request.targetModel)
    loop.metrics.scheduled(
      model: model, endpoint: chosen[0], nanoseconds: loop.clock.nanoseconds() &- started, bodyBytes: request.bodyBytes)
    if let trace = cycle.trace {
      loop.decisionLog?.append(trace, requestID: input.headers.requestID, model: model.name)
    }
    return Decision(
      endpoints: chosen, leases: leases, model: model,
      forwarding: cycle.forwarding.isEmpty ? nil : cycle.forwarding,
      placed: pool.responsePlugins.isEmpty ? nil : PlacedRequest(cycle))
  }

  /// Counts the request on the endpoint of the primary profile, and on those of other stages that plugins account for.
  private static func reserve(_ cycle: SchedulingCycle, _ primary: Int, _ pool: PoolState) -> Leases {
    let scheduler = pool.plugins.scheduler
    func lease(_ profile: Int) -> Lease? {
      guard let reservation = scheduler.reservation(cycle, profile: profile, primary: primary) else { return nil }
      return pool.endpoints.reserve(slot: reservation.slot, promptTokens: reservation.tokens)
    }
    guard let first = lease(primary) else {
      return Leases(pool.endpoints.reserve(slot: cycle.results[primary].endpoints[0].slot, promptTokens: 0))
    }
    let isHeld = scheduler.reservation(cycle, profile: primary, primary: primary)?.isHeldUntilEnd ?? false
    var leases = Leases(first, holdsTokens: isHeld)
    for profile in scheduler.profiles.indices where profile != primary {
      if let other = lease(profile) { leases.add(other) }
    }
    return leases
  }

  private static func parse(
    _ body: UnsafeRawBufferPointer, _ headers: StoredHeaders, _ pool: PoolState, _ loop: LoopContext
  ) throws(Rejection) -> InferenceRequest {
    do {
      return try pool.parsers.parse(body: body, path: headers.path, context: loop.parsing)
    } catch {
      throw .badRequest(error)
    }
  }

  private static func text(_ error: SchedulingError, _ headers: StoredHeaders) -> String {
    switch error {
    case .noCandidateLeft(let profile): "failed to run scheduler profile '\(profile)'"
    case .noProfileRan: "failed to run any scheduler profile for request \(headers.requestID ?? "")"
    case .undecided(let reason): reason
    }
  }
}
