import Endpoints
import PickerConfiguration

/// `pd-profile-handler`, superseded by `disagg-profile-handler`: runs decode, then prefill if its decider wants it.
/// The headers of the stages are set by `disagg-headers-handler`.
public struct PrefillDecodeProfileHandler: ProfileHandler, PlacementObserver {
  private let stages: DisaggregatedProfileHandler
  private let routing: DataParallelRouting?

  /// Creates a handler.
  /// - Parameter primaryPort: port of data-parallel servers to send requests to; nil for the endpoint's own.
  public init(
    names: DisaggregatedProfileHandler.ProfileNames = .init(), decider: (any DisaggregationDecider)?,
    primaryPort: UInt16? = nil
  ) {
    stages = DisaggregatedProfileHandler(names: names, prefillDecider: decider)
    routing = primaryPort.map(DataParallelRouting.init)
  }

  /// The next stage.
  public func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
    stages.nextProfiles(cycle, profiles: profiles, into: &next)
  }

  /// The decode profile.
  public func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int {
    try stages.primaryProfile(cycle, profiles: profiles)
  }

  /// Wants a decode profile.
  public func problem(withProfiles names: [String]) -> String? { stages.problem(withProfiles: names) }

  /// Redirects the request of a data-parallel rank to the primary port.
  public func requestPlaced(_ cycle: SchedulingCycle) {
    guard let routing, let primary = cycle.primaryProfile, let endpoint = cycle.results[primary].endpoints.first
    else { return }
    routing.redirect(cycle, to: endpoint)
  }
}

extension PluginRegistration {
  static let prefillDecodeProfileHandler = PluginRegistration(
    type: "pd-profile-handler", requires: [.prefixCacheMatch], refersToPlugins: true,
    replacement: "disagg-profile-handler"
  ) { context in
    let decoder = context.parameters
    var names = DisaggregatedProfileHandler.ProfileNames()
    names.decode = decoder.string("decodeProfile", default: names.decode)
    names.prefill = decoder.string("prefillProfile", default: names.prefill)
    let port = decoder.int("primaryPort", default: 0, range: 0...65_535)
    let decider = decoder.string("deciderPluginName", default: "prefix-based-pd-decider")
    _ = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    return PrefillDecodeProfileHandler(
      names: names, decider: context.decider(decider, parameter: "deciderPluginName"),
      primaryPort: port == 0 ? nil : UInt16(clamping: port))
  }
}
