/// One thing that a check looks at. Rules are pure: the same path gives the same findings.
protocol CheckRule: Sendable {
  /// What the rule finds wrong, or worth saying, on a path.
  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding]
}

/// All rules, in the order in which a request meets what they look at.
enum CheckRules {
  static let all: [any CheckRule.Type] = [
    PickerClusterRule.self, SecurityRule.self, AnswersRule.self, RequestModeRule.self, ResponseModeRule.self,
    TrailerModeRule.self, ProcessorChainRule.self, BufferLimitRule.self, MessageTimeoutRule.self,
    StreamTimeoutRule.self, RouteTimeoutRule.self, StreamLimitRule.self, FailureModeRule.self, DestinationRule.self,
    FallbackRule.self, MetadataRule.self,
  ]
}
