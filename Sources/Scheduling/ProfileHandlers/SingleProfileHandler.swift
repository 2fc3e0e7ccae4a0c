/// `single-profile-handler`: runs the one profile there is.
public struct SingleProfileHandler: ProfileHandler {
  /// Creates the handler; it has no parameters.
  public init() {}

  /// The profile, until it has run.
  public func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
    if !cycle.results[0].hasRun { next.append(0) }
  }

  /// The profile.
  public func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int {
    guard !cycle.results[0].endpoints.isEmpty else { throw .noCandidateLeft(profile: profiles[0].name) }
    return 0
  }

  /// Wants exactly one profile.
  public func problem(withProfiles names: [String]) -> String? {
    names.count == 1 ? nil : "single-profile-handler needs exactly one scheduling profile, not \(names.count)"
  }
}

extension PluginRegistration {
  static let singleProfileHandler = PluginRegistration(type: "single-profile-handler") { _ in SingleProfileHandler() }
}
