/// The queues in front of the scheduler: requests wait in the flow of their client and priority until the pool has room
/// for them (flow control, model and dispatch cycle).
///
/// A pure value without clocks, locks or I/O. Memory grows with the requests that wait and is bounded by the settings.
public struct FlowQueues: Sendable {
  private let settings: FlowControlSettings
  private var slots = RequestSlots()
  /// Highest priority first.
  private var bands: [FlowBand] = []
  private var priorities: [Int] = []
  private var ceilings: [Double] = []
  /// Requests that wait.
  public private(set) var count = 0
  /// Bytes of their bodies.
  public private(set) var bytes = 0
  private var hasEndpoints: Bool
  /// When the pool got its first endpoint or lost its last one.
  private var regimeBegan = 0.0

  /// How long a priority without settings of its own is remembered after its last request, in seconds.
  public static let bandMemory = 600.0

  /// Creates empty queues.
  public init(_ settings: FlowControlSettings, hasEndpoints: Bool = true) {
    self.settings = settings
    self.hasEndpoints = hasEndpoints
    // The default priority always exists, which usage limits depend on.
    for priority in Set(settings.bands.keys).union([0]).sorted(by: >) {
      bands.append(FlowBand(priority: priority, settings: settings.band(priority)))
    }
    priorities = bands.map(\.priority)
  }

  /// Puts a request into its queue.
  /// - Returns: its ticket, or why it may not wait.
  public mutating func enqueue(_ request: QueuedRequest) -> Result<FlowTicket, FlowRejection> {
    let index = bandIndex(request.flow.priority)
    let band = bands[index]
    func exceeds(_ current: Int, _ addition: Int, _ limit: Int) -> Bool {
      let (sum, overflow) = current.addingReportingOverflow(addition)
      return overflow || sum > limit
    }
    let isFull =
      exceeds(bytes, request.bytes, settings.maxBytes) || exceeds(count, 1, settings.maxRequests)
      || exceeds(band.bytes, request.bytes, band.settings.maxBytes) || exceeds(band.count, 1, band.settings.maxRequests)
    guard !isFull else { return .failure(hasEndpoints ? .capacity : .noEndpoints) }
    let ticket = slots.insert(request, rank: band.settings.ordering.rank(request))
    bands[index].insert(ticket.slot, request, &slots)
    count += 1
    bytes += request.bytes
    return .success(ticket)
  }

  /// Lets the next request go, if the pool has room for its priority: one dispatch cycle.
  ///
  /// The first priority whose ceiling is reached ends the cycle, also for lower priorities and even if nothing of it
  /// waits.
  /// - Returns: the request's ticket, which is not valid any more, with the request.
  public mutating func dispatch(saturation: Double, now: Double) -> (ticket: FlowTicket, request: QueuedRequest)? {
    guard count > 0 else { return nil }
    ceilings.removeAll(keepingCapacity: true)
    for _ in bands { ceilings.append(1) }
    settings.usageLimit.limit(saturation: saturation, priorities: priorities, ceilings: &ceilings)
    for index in bands.indices {
      // A policy may have taken ceilings away.
      guard saturation < (index < ceilings.count ? ceilings[index] : 1) else { return nil }
      guard bands[index].count > 0 else { continue }
      guard let slot = nextSlot(of: bands[index], now: now), let entry = slots[slot] else { continue }
      bands[index].previous = entry.request.flow.id
      let ticket = slots.ticket(slot)
      take(entry, slot, from: index, now: now)
      return (ticket, entry.request)
    }
    return nil
  }

  /// Takes out a request whose client is gone.
  /// - Returns: false when it does not wait any more.
  @discardableResult
  public mutating func remove(_ ticket: FlowTicket, now: Double) -> Bool {
    guard let entry = slots.entry(ticket) else { return false }
    take(entry, ticket.slot, from: bandIndex(entry.request.flow.priority), now: now)
    return true
  }

  /// The pool has endpoints, or has none. How long requests may wait is counted anew when that changes.
  public mutating func setHasEndpoints(_ hasEndpoints: Bool, now: Double) {
    guard hasEndpoints != self.hasEndpoints else { return }
    self.hasEndpoints = hasEndpoints
    regimeBegan = now
  }

  /// Takes out the requests that have waited as long as they may, and forgets priorities that nobody used for long.
  /// Looks at every waiting request.
  /// - Returns: their tickets, oldest first, and what became of them.
  public mutating func expire(now: Double) -> (tickets: [FlowTicket], outcome: FlowOutcome) {
    let outcome: FlowOutcome = hasEndpoints ? .evictedTimeToLive : .evictedWithoutEndpoints
    var expired: [FlowTicket] = []
    for (slot, entry) in slots.waiting {
      let limit = hasEndpoints ? entry.request.timeToLive : settings.timeToLiveWithoutEndpoints
      if limit > 0, now - max(entry.request.enqueuedAt, regimeBegan) >= limit {
        expired.append(FlowTicket(slot: slot, number: entry.number))
      }
    }
    expired.sort { $0.number < $1.number }
    for ticket in expired { remove(ticket, now: now) }
    let configured = settings.bands
    bands.removeAll { band in
      band.count == 0 && band.priority != 0 && configured[band.priority] == nil
        && now - band.emptySince >= Self.bandMemory
    }
    if bands.count != priorities.count { priorities = bands.map(\.priority) }
    return (expired, outcome)
  }

  /// Takes out every request, oldest first.
  public mutating func removeAll(now: Double) -> [FlowTicket] {
    let tickets = slots.waiting.map { FlowTicket(slot: $0.slot, number: $0.entry.number) }.sorted {
      $0.number < $1.number
    }
    for ticket in tickets { remove(ticket, now: now) }
    return tickets
  }

  /// How full the bands are, highest priority first.
  public var usage: [FlowBandUsage] {
    bands.map { band in
      FlowBandUsage(
        priority: band.priority, requests: band.count, bytes: band.bytes, maxRequests: band.settings.maxRequests,
        maxBytes: band.settings.maxBytes, flows: band.flows.count)
    }
  }

  /// The request that goes first in the flow chosen next. Apart, so that the policy's view of the queues is gone before
  /// they change: they would be copied otherwise.
  @inline(never)
  private func nextSlot(of band: FlowBand, now: Double) -> Int? {
    let flows = WaitingFlows(band.flows, slots)
    guard let choice = band.settings.fairness.choose(among: flows, previous: band.previous, now: now),
      band.flows.indices.contains(choice)
    else { return nil }
    return band.flows[choice].first
  }

  private mutating func take(_ entry: RequestSlots.Entry, _ slot: Int, from index: Int, now: Double) {
    bands[index].remove(entry, &slots)
    if bands[index].count == 0 { bands[index].emptySince = now }
    slots.remove(slot)
    count -= 1
    bytes -= entry.request.bytes
  }

  /// The band of a priority, made when it is not there.
  private mutating func bandIndex(_ priority: Int) -> Int {
    let index = bands.firstIndex { $0.priority <= priority } ?? bands.count
    if index == bands.count || bands[index].priority != priority {
      bands.insert(FlowBand(priority: priority, settings: settings.band(priority)), at: index)
      priorities.insert(priority, at: index)
    }
    return index
  }
}

/// Why a request may not wait.
public enum FlowRejection: Error, Sendable, Hashable {
  /// A queue is full.
  case capacity
  /// A queue is full because the pool has no endpoint.
  case noEndpoints
}

/// How full one priority's queues are.
public struct FlowBandUsage: Sendable, Hashable {
  /// The priority.
  public let priority: Int
  /// Requests that wait.
  public let requests: Int
  /// Bytes of their bodies.
  public let bytes: Int
  /// Most requests that may wait.
  public let maxRequests: Int
  /// Most bytes that may wait.
  public let maxBytes: Int
  /// Flows with requests waiting.
  public let flows: Int
}
