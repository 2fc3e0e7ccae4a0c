/// Configurations that come with the picker, for use by name in place of a file.
public enum RoutingProfile: String, Sendable, Hashable, CaseIterable {
  /// Queue length, KV-cache use and cached prefixes at fixed weights: what is in force when nothing is given.
  case standard = "default"
  /// The endpoint that is expected to give the first token soonest; there are no weights to choose.
  case adaptive

  /// The configuration as a document.
  public var text: String {
    switch self {
    case .standard: EndpointPickerConfig.defaultText(for: .llmD)
    case .adaptive:
      """
      apiVersion: \(Lineage.llmD.apiVersion)
      kind: EndpointPickerConfig
      featureGates: [flowControl]
      plugins:
      - type: approx-prefix-cache-producer
      - type: inflight-load-producer
      - type: ttft-estimate-scorer
      - type: max-score-picker
      - type: shortest-work-ordering-policy
      - type: metrics-data-source
      - type: core-metrics-extractor
      schedulingProfiles:
      - name: default
        plugins:
        - pluginRef: ttft-estimate-scorer
        - pluginRef: max-score-picker
      dataLayer:
        sources:
        - pluginRef: metrics-data-source
          extractors:
          - pluginRef: core-metrics-extractor
      flowControl:
        saturationDetector: {pluginRef: ttft-estimate-scorer}
        defaultRequestTTL: 0s
        defaultPriorityBand: {orderingPolicyRef: shortest-work-ordering-policy}

      """
    }
  }
}
