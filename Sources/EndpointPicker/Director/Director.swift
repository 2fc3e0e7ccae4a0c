import Endpoints
import FlowControl
import InferenceAPI
import RequestPolicies
import Scheduling

/// Takes one request from its bytes to a decision: parse, rewrite, objective, candidates, admission, scheduling,
/// reservation.
///
/// Runs on an event loop from start to end without waiting; a request that plugins ask other processes about, or that has
/// to wait for its turn, is taken from start to end again afterwards. Everything it needs besides the pool is the loop's own.
struct Director {
  /// What came with the request.
  struct Input {
    var headers: StoredHeaders
    /// The whole body, with ``RequestParsingContext/bodyPadding`` readable bytes behind it; nil for a request without,
    /// or one of which only the beginning was sent.
    var body: UnsafeRawBufferPointer?
    /// The candidates the proxy allows; nil for all.
    var subset: [String]?
    /// What is known from earlier attempts; nil for the first.
    var resumption: Resumption?
    /// When the request's stream began, in nanoseconds.
    var receivedAt: UInt64 = 0
    /// Makes whom to tell of the request's turn; not nil where requests have to wait for it.
    var makeWaiter: (() -> FlowController.Waiter)?
  }

  /// A request that is decided from the beginning once it can go on: what must be the same again.
  struct Resumption {
    /// What other processes answered so far.
    var answers: [InquiryAnswer] = []
    /// The rewrite drawn for the request.
    fileprivate(set) var rewrite: ModelRewrite?
    /// The note begun for people.
    fileprivate(set) var explanation: Explainer.Suspended?
    /// An earlier attempt got as far as to the scheduler.
    fileprivate(set) var wasBegun = false
    /// The request's way through the queues; nil where requests do not wait.
    var turn: FlowTurn?
  }

  /// What came of a request.
  enum Outcome: ~Copyable {
    case decided(Decision)
    /// A plugin has to ask about it first.
    case awaiting(Inquiry, Resumption)
    /// It is not its turn yet.
    case queued(FlowTicket, Resumption)
  }

  /// The endpoint chosen, and the right to count the request there.
  struct Decision: ~Copyable {
    /// The destination, best first; not empty.
    let endpoints: [Endpoint]
    let leases: Leases
    /// What plugins change in the request; nil when it goes on as it came.
    let forwarding: ForwardingChanges?
    /// The model that the request is sent on with; nil for the client's.
    let rewrite: ModelRewrite?
    /// How the response will tell its cost.
    let family: ResponseFamily
    /// What response plugins want to know later; nil without such plugins.
    let placed: PlacedRequest?
    /// Those that follow the request, who must be told of its end; empty without such plugins.
    let observations: [any RequestObservation]
  }

  /// Chooses an endpoint.
  /// - Parameters:
  ///   - placement: takes what plugins want to know if another endpoint serves.
  ///   - label: is set as soon as it is known what the request counts as, also when it is rejected then.
  static func decide(
    _ input: Input, pool: PoolState, loop: LoopContext, placement: PlacementNote, label: inout ModelLabel?
  ) throws(Rejection) -> Outcome {
    let arrived = loop.clock.nanoseconds()
    let policies = loop.policies(of: pool)
    var request = SchedulingRequest()
    request.headers = input.headers
    request.bodyBytes = input.body?.count ?? 0
    if let objective = input.headers.objective { request.priority = policies.priority(ofObjective: objective) }
    if let body = input.body {
      let inference = try parse(body, input.headers, pool, loop)
      request.targetModel = inference.model ?? UnsafeRawBufferPointer(start: nil, count: 0)
      request.inference = inference
      request.mediaItems = inference.mediaItems
      request.body = body
    } else if let name = input.headers.modelName {
      request.targetModel = name
    }
    var identity = ModelLabels.Identity(model: request.targetModel)
    identity.fairnessID = input.headers.fairnessID
    identity.priority = request.priority
    let rewrite =
      if let resumption = input.resumption { resumption.rewrite } else {
        rewrite(of: request, input.headers, policies, loop)
      }
    if let rewrite {
      loop.targetModel.removeAll()
      rewrite.target.withUnsafeBytes { loop.targetModel.append($0) }
      request.targetModel = loop.targetModel.bytes
      identity.target = request.targetModel
    }
    let known = loop.models(of: pool).label(identity)
    label = known
    let cycle = loop.cycle(for: pool)
    // Whether the cycle is that of the request, and its producers have run.
    var isPrepared = false
    var turn = input.resumption?.turn
    if turn == nil, let flow = pool.flow, let makeWaiter = input.makeWaiter {
      var work: Double?
      if flow.settings.readsUncachedTokens {
        begin(cycle, request, input, pool, now: arrived)
        work = pool.plugins.scheduler.leastUncachedTokens(cycle)
        isPrepared = !pool.plugins.scheduler.makesInquiries
      }
      let taken = takeTurn(request, work, input, known, flow, makeWaiter(), loop)
      if let ticket = taken.ticket { return .queued(ticket, Resumption(rewrite: rewrite, turn: taken)) }
      turn = taken
    }

    if !isPrepared { begin(cycle, request, input, pool, now: arrived) }
    loop.instruments.begin(cycle, pool)
    if let resumption = input.resumption, resumption.wasBegun {
      cycle.setAnswers(resumption.answers)
      cycle.trace = loop.explainer.resume(resumption.explanation)
    } else {
      cycle.trace = loop.explainer.trace(input.headers, pool: pool, now: cycle.now)
      if cycle.trace != nil, let turn { loop.explainer.waited(nanoseconds: turn.waitedNanoseconds) }
    }
    if isPrepared, cycle.trace != nil || cycle.stopwatch != nil {
      // Once more, watched.
      let (trace, stopwatch) = (cycle.trace, cycle.stopwatch)
      begin(cycle, request, input, pool, now: arrived)
      (cycle.trace, cycle.stopwatch) = (trace, stopwatch)
    }
    func refused(_ rejection: Rejection) -> Rejection {
      if cycle.trace != nil {
        loop.explainer.rejected(cycle, rejection, parseNanoseconds: loop.clock.nanoseconds() &- arrived)
      }
      return rejection
    }
    if let turn {
      if let outcome = turn.outcome, outcome != .dispatched { throw refused(.notServed(outcome)) }
      guard cycle.count > 0 else { throw refused(.noCandidates) }
    } else {
      guard cycle.count > 0 else { throw refused(.noCandidates) }
      let isShed = PriorityShedding.sheds(
        priority: request.priority, saturation: pool.plugins.saturationDetector.saturation(cycle))
      guard !isShed else { throw refused(.shed) }
    }
    if pool.plugins.scheduler.makesInquiries, let inquiry = pool.plugins.scheduler.nextInquiry(cycle) {
      var resumption = input.resumption ?? Resumption()
      resumption.rewrite = rewrite
      resumption.turn = turn
      resumption.wasBegun = true
      resumption.explanation = cycle.trace == nil ? nil : loop.explainer.suspend()
      cycle.trace = nil
      return .awaiting(inquiry, resumption)
    }
    if let reason = pool.plugins.scheduler.denial(of: cycle) { throw refused(.denied(reason)) }
    let started = loop.clock.nanoseconds()
    let primary: Int
    do {
      primary = try pool.plugins.scheduler.schedule(cycle)
    } catch {
      loop.metrics.schedulingFailed(model: known)
      throw refused(.schedulingFailed(Self.text(error, input.headers)))
    }
    let chosen = cycle.results[primary].endpoints
    if input.headers.prefersCached, let candidate = cycle.results[primary].candidates.first {
      guard let cache = pool.prefixCache, cache.matchedBlocks(cycle, candidate: candidate) > 0 else {
        throw refused(.notCached)
      }
    }
    // Reserving right here, before anything else runs on this loop, is what keeps a burst from landing on one endpoint.
    let leases = reserve(cycle, primary, pool)
    pool.plugins.scheduler.requestPlaced(cycle, primary: primary)
    if !pool.placementFollowers.isEmpty { placement.take(cycle, followers: pool.placementFollowers) }
    let finished = loop.clock.nanoseconds()
    loop.metrics.scheduled(
      model: known, endpoint: chosen[0], nanoseconds: finished &- started, bodyBytes: request.bodyBytes)
    let match = loop.instruments.decided(cycle, pool, nanoseconds: finished &- arrived)
    if cycle.trace != nil {
      loop.explainer.decided(
        cycle, endpoints: chosen, match: match, parseNanoseconds: started &- arrived,
        scheduleNanoseconds: finished &- started)
    }
    return .decided(
      Decision(
        endpoints: chosen, leases: leases, forwarding: cycle.forwarding.isEmpty ? nil : cycle.forwarding,
        rewrite: rewrite, family: request.inference?.api.responseFamily ?? .none,
        placed: pool.responsePlugins.isEmpty ? nil : PlacedRequest(cycle),
        observations: pool.requestObservers.isEmpty ? [] : pool.requestObservers.compactMap { $0.requestBegan(cycle) }))
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

  /// Begins the cycle of a request with the candidates that the proxy allows.
  private static func begin(
    _ cycle: SchedulingCycle, _ request: SchedulingRequest, _ input: Input, _ pool: PoolState, now: UInt64
  ) {
    cycle.begin(request, now: Double(now) * 1e-9)
    if let subset = input.subset, pool.followsSubset {
      cycle.restrict(to: SubsetHint.indexes(of: subset, in: cycle.snapshot))
    }
  }

  /// Asks for the request's turn.
  /// - Returns: with a ticket when the request has to wait, else with an outcome.
  private static func takeTurn(
    _ request: SchedulingRequest, _ uncachedTokens: Double?, _ input: Input, _ label: ModelLabel,
    _ flow: FlowController, _ waiter: FlowController.Waiter, _ loop: LoopContext
  ) -> FlowTurn {
    let now = loop.clock.nanoseconds()
    let key = FlowKey(
      id: input.headers.fairnessID.map { String(decoding: $0, as: UTF8.self) } ?? FlowKey.defaultID,
      priority: request.priority)
    let queued = QueuedRequest(
      flow: key, bytes: request.bodyBytes, receivedAt: Double(input.receivedAt) * 1e-9, enqueuedAt: Double(now) * 1e-9,
      timeToFirstToken: request.timeToFirstTokenObjective, timeToLive: flow.settings.timeToLive,
      uncachedTokens: uncachedTokens)
    var turn = FlowTurn(enqueuedAt: now, bytes: queued.bytes)
    var cycleNanoseconds: UInt64 = 0
    switch flow.ask(queued, waiter, cycleNanoseconds: &cycleNanoseconds) {
    case .waits(let ticket):
      turn.ticket = ticket
      loop.flow?.waits(label, bytes: queued.bytes)
    case .decided(let outcome):
      turn.outcome = outcome
      loop.flow?.passed(label, outcome)
    }
    loop.flow?.asked(label, turn.outcome, nanoseconds: cycleNanoseconds)
    return turn
  }

  // MARK: Reading the request

  private static func parse(
    _ body: UnsafeRawBufferPointer, _ headers: StoredHeaders, _ pool: PoolState, _ loop: LoopContext
  ) throws(Rejection) -> InferenceRequest {
    do {
      return try pool.parsers.parse(body: body, path: headers.path, context: loop.parsing)
    } catch {
      throw .badRequest(error)
    }
  }

  /// The model to send the request on with: what a rule says of the client's, else what the client's header says.
  private static func rewrite(
    of request: SchedulingRequest, _ headers: StoredHeaders, _ policies: RequestPolicies, _ loop: LoopContext
  ) -> ModelRewrite? {
    guard headers.modelRewrite != nil || policies.hasRewrites else { return nil }
    guard let inference = request.inference, inference.modelField == .jsonMember, let model = inference.model,
      !model.isEmpty
    else { return nil }
    var target = headers.modelRewrite.map { Array($0) } ?? []
    if policies.hasRewrites {
      let name = String(decoding: model, as: UTF8.self)
      let draw = { (bound: UInt64) in UInt64(loop.random.below(Int(bound))) }
      if let rule = policies.rewrite(model: name, draw: draw) {
        loop.metrics.rewrote(name, to: rule.target, by: rule.name)
        target = Array(rule.target.utf8)
      }
    }
    guard !target.isEmpty, !target.elementsEqual(model) else { return nil }
    return ModelRewrite(target: target, client: Array(model))
  }

  private static func text(_ error: SchedulingError, _ headers: StoredHeaders) -> String {
    switch error {
    case .noCandidateLeft(let profile): "failed to run scheduler profile '\(profile)'"
    case .noProfileRan: "failed to run any scheduler profile for request \(headers.requestID ?? "")"
    case .undecided(let reason): reason
    }
  }
}
