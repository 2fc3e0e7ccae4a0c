/// A metric of the model server that is kept as an attribute of the endpoint (`customMetrics` of
/// `core-metrics-extractor`).
package struct CustomMetric: Hashable, Sendable {
  /// Name of the attribute, and of its column in the endpoint table.
  package let attributeKey: String
  package let spec: MetricSpec

  package init(attributeKey: String, spec: MetricSpec) {
    self.attributeKey = attributeKey
    self.spec = spec
  }
}
