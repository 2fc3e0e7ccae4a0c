import Endpoints

/// Runs producers and profiles for a request. Pure: no I/O, no clock, no logging; one scheduler serves all event loops.
public struct Scheduler: Sendable {
  /// The names that plugins go by, for whoever measures them, in the orders of the scheduler's lists.
  public struct PluginNames: Sendable {
    /// Name of the profile handler.
    public var handler = "profile-handler"
    /// Names of the producers.
    public var producers: [String] = []
    /// Names of the observers.
    public var observers: [String] = []
    /// Names of the admission plugins.
    public var admitters: [String] = []

    /// No names.
    public init() {}
  }

  /// The profiles, in configuration order.
  public let profiles: [SchedulingProfile]
  /// Decides which profiles run.
  public let handler: any ProfileHandler
  /// Producers in the order they run.
  public let producers: [any Producer]
  /// Plugins that learn where requests go, in the order they are told.
  public let observers: [any PlacementObserver]
  /// Plugins that may turn requests away, in the order they are asked.
  public let admitters: [any Admitter]
  /// Tells how many tokens a request counts; nil for its prompt tokens.
  public let loadEstimator: (any LoadEstimator)?
  /// Producers that ask other processes, by their place among the producers.
  private let inquirers: [(index: Int, producer: any InquiringProducer)]
  /// Where a producer tells what requests cost; nil without one.
  let load: InFlightLoadAttributes?
  private let names: ProfileNames
  private let pluginNames: PluginNames

  /// Creates a scheduler.
  /// - Parameter observers: the producers unless given.
  public init(
    profiles: [SchedulingProfile], handler: any ProfileHandler, producers: [any Producer] = [],
    observers: [any PlacementObserver]? = nil, admitters: [any Admitter] = [],
    loadEstimator: (any LoadEstimator)? = nil, pluginNames: PluginNames = PluginNames()
  ) {
    self.profiles = profiles
    self.handler = handler
    self.producers = producers
    self.inquirers = producers.enumerated().compactMap { index, producer in
      (producer as? any InquiringProducer).map { (index, $0) }
    }
    self.load = producers.lazy.compactMap { ($0 as? InFlightLoadProducer)?.load }.first
    self.observers = observers ?? producers
    self.admitters = admitters
    self.loadEstimator = loadEstimator
    self.names = ProfileNames(profiles.map(\.name))
    self.pluginNames = pluginNames
  }

  /// Whether plugins may ask other processes about requests.
  public var makesInquiries: Bool { !inquirers.isEmpty }

  /// Runs the producers of a cycle that has candidates, up to one that has a question and no answer yet.
  ///
  /// Whoever schedules without calling this does without answers.
  /// - Returns: the question. With its answer in the cycle of the same request, begun again, scheduling gets further;
  ///   nil when nothing is left to ask.
  public func nextInquiry(_ cycle: SchedulingCycle) -> Inquiry? {
    for (index, producer) in inquirers where index >= cycle.producedCount {
      produce(cycle, upTo: index)
      guard cycle.answer(to: producer.inquiryID) == nil, let inquiry = producer.inquiry(cycle) else { continue }
      return inquiry
    }
    return nil
  }

  /// Asks the admission plugins about the request of a cycle that has candidates, after running the producers.
  /// - Returns: why the request is turned away; nil when it isn't.
  public func denial(of cycle: SchedulingCycle) -> String? {
    guard !admitters.isEmpty else { return nil }
    produce(cycle, upTo: producers.count)
    cycle.stopwatch?.start()
    for index in admitters.indices {
      let reason = admitters[index].denial(cycle)
      cycle.stopwatch?.lap(.admission, Self.name(index, pluginNames.admitters))
      if let reason { return reason }
    }
    return nil
  }

  /// Chooses endpoints for the request of a cycle that has candidates.
  /// - Returns: the index of the primary profile; its result in the cycle holds the destination, best first.
  public func schedule(_ cycle: SchedulingCycle) throws(SchedulingError) -> Int {
    cycle.prepareResults(profileCount: profiles.count)
    if cycle.profileNames !== names { cycle.profileNames = names }
    cycle.trace?.candidateCount = cycle.count
    produce(cycle, upTo: producers.count)
    // The memory of the last request's list is used again.
    var next: [Int] = []
    swap(&next, &cycle.spareProfiles)
    defer { cycle.spareProfiles = next }
    var failed: Int?
    // A handler that never ends would hang a loop; no handler needs more rounds than there are profiles.
    for _ in 0...profiles.count {
      next.removeAll(keepingCapacity: true)
      cycle.stopwatch?.start()
      handler.nextProfiles(cycle, profiles: profiles, into: &next)
      cycle.stopwatch?.lap(.profilePicker, pluginNames.handler)
      guard !next.isEmpty else { break }
      for index in next where index < profiles.count {
        if !profiles[index].run(cycle, index: index) { failed = index }
      }
    }
    guard cycle.results.contains(where: \.hasRun) else {
      throw handler.reasonNothingRan(cycle, profiles: profiles).map { .undecided($0) } ?? .noProfileRan
    }
    cycle.stopwatch?.start()
    let primary = try handler.primaryProfile(cycle, profiles: profiles)
    cycle.stopwatch?.lap(.profileResults, pluginNames.handler)
    if let failed, cycle.results.allSatisfy(\.endpoints.isEmpty) {
      throw .noCandidateLeft(profile: profiles[failed].name)
    }
    guard profiles.indices.contains(primary), !cycle.results[primary].endpoints.isEmpty else {
      throw .undecided("the primary profile chose no endpoint")
    }
    cycle.trace?.primaryProfile = profiles[primary].name
    return primary
  }

  /// Runs the producers before `end` that have not run for the request.
  func produce(_ cycle: SchedulingCycle, upTo end: Int) {
    guard cycle.producedCount < end else { return }
    let start = cycle.producedCount
    cycle.producedCount = end
    cycle.stopwatch?.start()
    for index in start..<end {
      producers[index].produce(cycle)
      cycle.stopwatch?.lap(.producer, Self.name(index, pluginNames.producers))
    }
  }

  /// What to count on the first endpoint of a profile's result, now that the request is scheduled.
  /// - Returns: nil when the profile has no result, or is not the primary one and no plugin accounts for the others.
  public func reservation(_ cycle: SchedulingCycle, profile: Int, primary: Int) -> LoadReservation? {
    guard profiles.indices.contains(profile), let endpoint = cycle.results[profile].endpoints.first,
      let candidate = cycle.results[profile].candidates.first
    else { return nil }
    if let loadEstimator {
      let estimate = loadEstimator.estimate(cycle, candidate: candidate)
      // Another stage than the primary one has done its part when the response begins.
      return LoadReservation(
        slot: endpoint.slot, tokens: estimate.tokens,
        isHeldUntilEnd: estimate.isHeldUntilEnd && profile == primary)
    }
    guard profile == primary else { return nil }
    return LoadReservation(slot: endpoint.slot, tokens: cycle.request.promptTokens, isHeldUntilEnd: false)
  }

  /// Tells plugins where the request went, given the primary profile. They may change
  /// ``SchedulingCycle/forwarding``.
  public func requestPlaced(_ cycle: SchedulingCycle, primary: Int) {
    cycle.forgetFilters()
    cycle.primaryProfile = primary
    cycle.placements.removeAll(keepingCapacity: true)
    for index in profiles.indices where index == primary || profiles[index].name == Self.prefillProfile {
      if cycle.results[index].hasRun { cycle.placements.append(cycle.results[index]) }
    }
    cycle.stopwatch?.start()
    for index in observers.indices {
      observers[index].requestPlaced(cycle)
      cycle.stopwatch?.lap(.placement, Self.name(index, pluginNames.observers))
    }
  }

  private static func name(_ index: Int, _ names: [String]) -> String {
    index < names.count ? names[index] : ""
  }

  private static let prefillProfile = "prefill"
}
