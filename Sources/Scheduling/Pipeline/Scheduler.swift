import Endpoints

/// Runs producers and profiles for a request. Pure: no I/O, no clock, no logging; one scheduler serves all event loops.
public struct Scheduler: Sendable {
  /// The profiles, in configuration order.
  public let profiles: [SchedulingProfile]
  /// Decides which profiles run.
  public let handler: any ProfileHandler
  /// Producers in the order they run.
  public let producers: [any Producer]

  /// Creates a scheduler.
  public init(profiles: [SchedulingProfile], handler: any ProfileHandler, producers: [any Producer] = []) {
    self.profiles = profiles
    self.handler = handler
    self.producers = producers
  }

  /// Chooses endpoints for the request of a cycle that has candidates.
  /// - Returns: the index of the primary profile; its result in the cycle holds the destination, best first.
  public func schedule(_ cycle: SchedulingCycle) throws(SchedulingError) -> Int {
    cycle.prepareResults(profileCount: profiles.count)
    cycle.trace?.candidateCount = cycle.count
    for index in producers.indices { producers[index].produce(cycle) }
    // The memory of the last request's list is used again.
    var next: [Int] = []
    swap(&next, &cycle.spareProfiles)
    defer { cycle.spareProfiles = next }
    var failed: Int?
    // A handler that never ends would hang a loop; no handler needs more rounds than there are profiles.
    for _ in 0...profiles.count {
      next.removeAll(keepingCapacity: true)
      handler.nextProfiles(cycle, profiles: profiles, into: &next)
      guard !next.isEmpty else { break }
      for index in next where index < profiles.count {
        if !profiles[index].run(cycle, index: index) { failed = index }
      }
    }
    guard cycle.results.contains(where: \.hasRun) else { throw .noProfileRan }
    if let failed, cycle.results.allSatisfy(\.endpoints.isEmpty) {
      throw .noCandidateLeft(profile: profiles[failed].name)
    }
    let primary = try handler.primaryProfile(cycle, profiles: profiles)
    guard profiles.indices.contains(primary), !cycle.results[primary].endpoints.isEmpty else {
      throw .undecided("the primary profile chose no endpoint")
    }
    cycle.trace?.primaryProfile = profiles[primary].name
    return primary
  }

  /// Tells the producers where the request went, given the primary profile.
  public func requestPlaced(_ cycle: SchedulingCycle, primary: Int) {
    cycle.forgetFilters()
    cycle.placements.removeAll(keepingCapacity: true)
    for index in profiles.indices where index == primary || profiles[index].name == Self.prefillProfile {
      if cycle.results[index].hasRun { cycle.placements.append(cycle.results[index]) }
    }
    for index in producers.indices { producers[index].requestPlaced(cycle) }
  }

  private static let prefillProfile = "prefill"
}
