import Endpoints
import InferenceAPI
import PickerConfiguration
import Scheduling

/// Routes by a configuration on the real scheduler: requests are parsed, scheduled, reserved and learned in the order
/// and with the code of the running picker.
///
/// Where the configuration has flow control, requests wait as they would, in one flow of one priority, and one after
/// another goes as room is made. What else lies around the scheduler is not replayed: objectives, model rewrites and the
/// stages of disaggregated serving (the endpoint of the primary profile does all the work).
final class SchedulerPolicy: RoutingPolicy {
  private static let path = Array("/v1/completions".utf8)

  private let plugins: LoadedPlugins
  private let parsers: RequestParserRegistry
  private let table: EndpointTable
  private let cycle: SchedulingCycle
  private let context = RequestParsingContext()
  private let headers = NoHeaders()
  private let tokensPerBlock: Int
  private var writer = PromptWriter()
  private var leases: [Int: PlacedLeases] = [:]
  private let observers: [any RequestObserver]
  private let followers: [any PlacementFollower]
  private var placed: [Int: (slot: Int, promptTokens: Int, note: PlacementNote)] = [:]
  private var queue: WaitingRequests?
  private var observed: [Int: (arrival: Double, observations: [any RequestObservation])] = [:]

  /// - Throws: ``ReplayError`` when the configuration cannot be loaded.
  init(
    _ config: EndpointPickerConfig, registry: PluginRegistry, servers: [String], seed: UInt64, tokensPerBlock: Int,
    reserves: Bool
  ) throws(ReplayError) {
    table = EndpointTable()
    do {
      plugins = try PluginLoader.load(config, registry: registry, endpoints: table)
    } catch {
      throw ReplayError("\(error)")
    }
    table.replaceAll(
      with: servers.enumerated().map { index, name in
        EndpointDescriptor(
          id: EndpointID(name: name),
          address: EndpointAddress(host: "10.0.\(index >> 8).\(index & 0xFF)", port: 8_000))
      })
    parsers = RequestParserRegistry(plugins.parsers)
    cycle = SchedulingCycle(
      table: table, seed: seed, countsPendingRequests: reserves && plugins.countsPendingRequests)
    observers = plugins.instances.compactMap { $0.plugin as? any RequestObserver }
    followers = plugins.instances.compactMap { $0.plugin as? any PlacementFollower }
    self.tokensPerBlock = tokensPerBlock
    queue = plugins.flowControl.map {
      WaitingRequests($0, plugins: plugins, table: table, countsPendingRequests: cycle.countsPendingRequests)
    }
  }

  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    guard queue != nil else { return schedule(request, number: number, now: now) }
    var work: Double?
    if plugins.flowControl?.readsUncachedTokens == true {
      guard begin(request, now: now) else { return .turnedAway }
      work = plugins.scheduler.leastUncachedTokens(cycle)
    }
    guard queue?.add(request, number: number, uncachedTokens: work, now: now) == true else { return .turnedAway }
    return .waits
  }

  var hasWaiting: Bool { queue?.isEmpty == false }

  func placeWaiting(now: Double) -> (number: Int, placement: Placement)? {
    guard let next = queue?.next(now: now) else { return nil }
    guard let request = next.request else { return (next.number, .turnedAway) }
    return (next.number, schedule(request, number: next.number, now: now))
  }

  /// Begins the cycle of a request; false if it is none.
  private func begin(_ request: ReplayRequest, now: Double) -> Bool {
    let body = writer.body(of: request, tokensPerBlock: tokensPerBlock)
    let parsed = Self.path.withUnsafeBytes { path in
      try? parsers.parse(body: body, path: path, context: context)
    }
    guard let inference = parsed else { return false }
    var scheduling = SchedulingRequest()
    scheduling.headers = headers
    scheduling.bodyBytes = body.count
    scheduling.inference = inference
    scheduling.targetModel = inference.model ?? scheduling.targetModel
    cycle.begin(scheduling, now: now)
    return cycle.count > 0
  }

  private func schedule(_ request: ReplayRequest, number: Int, now: Double) -> Placement {
    let scheduler = plugins.scheduler
    guard begin(request, now: now), scheduler.denial(of: cycle) == nil, let primary = try? scheduler.schedule(cycle)
    else { return .turnedAway }
    let chosen = cycle.results[primary].endpoints[0]
    leases[number] = reserve(primary)
    scheduler.requestPlaced(cycle, primary: primary)
    if !followers.isEmpty {
      let note = PlacementNote()
      note.take(cycle, followers: followers)
      placed[number] = (chosen.slot, request.promptTokens, note)
    }
    if !observers.isEmpty { observed[number] = (now, observers.compactMap { $0.requestBegan(cycle) }) }
    return .server(chosen.slot)
  }

  private func reserve(_ primary: Int) -> PlacedLeases {
    let scheduler = plugins.scheduler
    guard let reservation = scheduler.reservation(cycle, profile: primary, primary: primary) else {
      let slot = cycle.results[primary].endpoints[0].slot
      return PlacedLeases(table.reserve(slot: slot, promptTokens: 0), holdsTokens: false)
    }
    let placed = PlacedLeases(
      table.reserve(slot: reservation.slot, promptTokens: reservation.tokens), holdsTokens: reservation.isHeldUntilEnd)
    for profile in scheduler.profiles.indices where profile != primary {
      guard let other = scheduler.reservation(cycle, profile: profile, primary: primary) else { continue }
      placed.stages.append(
        PlacedLeases(table.reserve(slot: other.slot, promptTokens: other.tokens), holdsTokens: false))
    }
    return placed
  }

  func answerBegan(number: Int, now: Double) {
    leases[number]?.answerBegan()
    guard let request = observed[number] else { return }
    for observation in request.observations { observation.responseBegan(after: now - request.arrival) }
  }

  func answerEnded(number: Int, now: Double, cachedTokens: Int?) {
    leases[number] = nil
    if let placed = placed.removeValue(forKey: number), let cachedTokens {
      placed.note.requestServed(
        slot: placed.slot, cachedShare: Double(cachedTokens) / Double(max(1, placed.promptTokens)),
        followers: followers, table: table)
    }
    guard let request = observed.removeValue(forKey: number) else { return }
    let end = RequestEnd(isComplete: true, seconds: now - request.arrival)
    for observation in request.observations { observation.ended(end) }
  }

  func scrapeBegan(server: Int) { table.scrapeStarted(slot: server) }

  func scraped(_ state: ServerState, server: Int, now: Double) {
    table.store(Double(state.waiting), in: .waitingQueueSize, slot: server)
    table.store(Double(state.running), in: .runningRequests, slot: server)
    table.store(state.cacheUsage, in: .kvCacheUsage, slot: server)
    table.store(Double(state.blockSize), in: .cacheBlockSize, slot: server)
    table.store(Double(state.blockCount), in: .cacheBlockCount, slot: server)
    table.store(now, in: .updatedAt, slot: server)
    table.scrapeSucceeded(slot: server)
  }
}

/// What a placed request counts, as the running picker holds it.
private final class PlacedLeases {
  private var lease: Lease
  private let holdsTokens: Bool
  var stages: [PlacedLeases] = []

  init(_ lease: consuming Lease, holdsTokens: Bool) {
    self.lease = lease
    self.holdsTokens = holdsTokens
  }

  func answerBegan() {
    stages.removeAll()
    if !holdsTokens { lease.promptProcessed() }
  }
}

/// Traces know no headers.
private final class NoHeaders: RequestHeaders {
  func value(of name: String) -> UnsafeRawBufferPointer? { nil }
}
