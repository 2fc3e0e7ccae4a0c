import PickerConfiguration

/// `data-parallel-profile-handler`: runs the one profile there is and sends the request to the primary port of the
/// server, with the rank's own address in the header `x-data-parallel-host-port`.
public struct DataParallelProfileHandler: ProfileHandler, PlacementObserver {
  private let single = SingleProfileHandler()
  private let routing: DataParallelRouting

  /// Creates a handler.
  public init(primaryPort: UInt16 = 8_000) {
    routing = DataParallelRouting(primaryPort: primaryPort)
  }

  /// The profile, until it has run.
  public func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
    single.nextProfiles(cycle, profiles: profiles, into: &next)
  }

  /// The profile.
  public func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int {
    try single.primaryProfile(cycle, profiles: profiles)
  }

  /// Wants exactly one profile.
  public func problem(withProfiles names: [String]) -> String? {
    names.count == 1 ? nil : "data-parallel-profile-handler needs exactly one scheduling profile, not \(names.count)"
  }

  /// Redirects the request to the primary port.
  public func requestPlaced(_ cycle: SchedulingCycle) {
    guard let primary = cycle.primaryProfile, let endpoint = cycle.results[primary].endpoints.first else { return }
    routing.redirect(cycle, to: endpoint)
  }
}

extension PluginRegistration {
  static let dataParallelProfileHandler = PluginRegistration(type: "data-parallel-profile-handler") { context in
    let port = context.parameters.int("primaryPort", default: 8_000, range: 1...65_535)
    return DataParallelProfileHandler(primaryPort: UInt16(clamping: port))
  }
}
