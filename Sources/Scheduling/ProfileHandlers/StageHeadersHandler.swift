import PickerConfiguration

/// `disagg-headers-handler`, also `prefill-header-handler`: sets the headers that name the endpoints of other stages.
/// Needed with `pd-profile-handler` only; `disagg-profile-handler` sets them itself.
public struct StageHeadersHandler: PlacementObserver {
  private let headers: StageHeaders

  /// Creates a handler.
  public init(prefillProfile: String = "prefill", encodeProfile: String = "encode") {
    headers = StageHeaders(prefillProfile: prefillProfile, encodeProfile: encodeProfile)
  }

  /// Sets the headers.
  public func requestPlaced(_ cycle: SchedulingCycle) { headers.set(cycle) }
}

extension PluginRegistration {
  static let stageHeadersHandler = PluginRegistration(
    type: "disagg-headers-handler", aliases: ["prefill-header-handler"], replacement: "disagg-profile-handler"
  ) { context in
    StageHeadersHandler(
      prefillProfile: context.parameters.string("prefillProfile", default: "prefill"),
      encodeProfile: context.parameters.string("encodeProfile", default: "encode"))
  }
}
