/// `always-disagg-pd-decider`: every request is prefilled on an endpoint of its own.
public struct AlwaysDisaggregate: DisaggregationDecider {
  /// Creates a decider; it has no parameters.
  public init() {}

  /// True.
  public func decides(_ cycle: SchedulingCycle, candidate: Int?) -> Bool { true }
}

extension PluginRegistration {
  static let alwaysDisaggregate = PluginRegistration(type: "always-disagg-pd-decider") { _ in AlwaysDisaggregate() }
}
