/// `always-disagg-multimodal-decider`: requests with images, video or audio are encoded on endpoints of their own.
public struct AlwaysDisaggregateMultimodal: DisaggregationDecider {
  /// Creates a decider; it has no parameters.
  public init() {}

  /// Whether the prompts hold media.
  public func decides(_ cycle: SchedulingCycle, candidate: Int?) -> Bool { cycle.request.mediaItems > 0 }
}

extension PluginRegistration {
  static let alwaysDisaggregateMultimodal = PluginRegistration(
    type: "always-disagg-multimodal-decider", requires: [.tokenizedPrompt]
  ) { _ in AlwaysDisaggregateMultimodal() }
}
