/// `header-profile-handler`: runs the profile that a request header names.
///
/// The only profile there is runs for every request. Of several the header decides, blanks around its value aside; a
/// missing or blank header means the default profile. A name that no profile has is an error.
public struct HeaderProfileHandler: ProfileHandler {
  let headerName: String
  let defaultProfile: String

  /// Creates a handler.
  /// - Parameter headerName: compared without regard to letter case.
  public init(headerName: String = "epp-profile", defaultProfile: String = "decode") {
    self.headerName = headerName.lowercased()
    self.defaultProfile = defaultProfile
  }

  private func chosenProfile(_ cycle: SchedulingCycle, _ profiles: [SchedulingProfile]) -> Int? {
    guard profiles.count > 1 else { return profiles.isEmpty ? nil : 0 }
    if let name = requestedName(cycle) { return profiles.firstIndex { name.equals($0.name) } }
    return profiles.firstIndex { $0.name == defaultProfile }
  }

  private func requestedName(_ cycle: SchedulingCycle) -> UnsafeRawBufferPointer? {
    guard let name = cycle.request.headers?.value(of: headerName)?.trimmed, !name.isEmpty else { return nil }
    return name
  }

  /// The chosen profile, until it has run.
  public func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
    if let index = chosenProfile(cycle, profiles), !cycle.results[index].hasRun { next.append(index) }
  }

  /// The chosen profile.
  public func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int {
    guard let index = chosenProfile(cycle, profiles) else { throw .noProfileRan }
    guard !cycle.results[index].endpoints.isEmpty else { throw .noCandidateLeft(profile: profiles[index].name) }
    return index
  }

  /// Works with any profiles.
  public func problem(withProfiles names: [String]) -> String? { nil }

  /// The name that no profile has.
  public func reasonNothingRan(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) -> String? {
    let name = requestedName(cycle).map { String(decoding: $0.prefix(64), as: UTF8.self) } ?? defaultProfile
    return "there is no scheduling profile '\(name)'"
  }
}

extension PluginRegistration {
  static let headerProfileHandler = PluginRegistration(type: "header-profile-handler", stability: .alpha) { context in
    let header = context.parameters.string("headerName", default: "epp-profile")
    if header.isEmpty { context.parameters.reject("headerName", "must not be empty") }
    return HeaderProfileHandler(
      headerName: header, defaultProfile: context.parameters.string("defaultProfile", default: "decode"))
  }
}
