extension EndpointPickerConfig {
  /// What errors call the built-in default.
  public static let defaultSource = "built-in default"

  /// The configuration in force when none is given: queue length and KV-cache use at weight 2, prefix-cache reuse at
  /// weight 3, and the model servers' own metrics. The same plugins in both families.
  public static func defaultText(for lineage: Lineage) -> String {
    """
    apiVersion: \(lineage.apiVersion)
    kind: EndpointPickerConfig
    plugins:
    - type: queue-scorer
    - type: kv-cache-utilization-scorer
    - type: prefix-cache-scorer
    - type: metrics-data-source
    - type: core-metrics-extractor
    schedulingProfiles:
    - name: default
      plugins:
      - pluginRef: queue-scorer
        weight: 2
      - pluginRef: kv-cache-utilization-scorer
        weight: 2
      - pluginRef: prefix-cache-scorer
        weight: 3
    dataLayer:
      sources:
      - pluginRef: metrics-data-source
        extractors:
        - pluginRef: core-metrics-extractor

    """
  }
}
