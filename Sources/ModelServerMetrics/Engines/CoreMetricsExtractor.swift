/// What to read from the pages of a pool's model servers: the `core-metrics-extractor` of EndpointPickerConfig with its
/// parameters settled.
package struct CoreMetricsExtractor: Sendable {
  /// Most custom metrics: with the metrics of an engine they must fit a scan.
  package static let maximumCustomMetrics = 48

  package let catalog: EngineCatalog
  package let customMetrics: [CustomMetric]
  /// One for each engine of the catalog.
  private let plans: [ScanPlan]

  /// - Throws: ``EngineCatalogError`` if a custom metric has no key, one that is taken, or there are too many.
  package init(
    catalog: EngineCatalog, customMetrics: [CustomMetric] = [], seriesReading: SeriesReading = .combined
  ) throws(EngineCatalogError) {
    guard customMetrics.count <= Self.maximumCustomMetrics else {
      throw .init(field: "customMetrics", reason: "at most \(Self.maximumCustomMetrics) are possible")
    }
    var keys: Set<String> = []
    for (index, metric) in customMetrics.enumerated() {
      let field = "customMetrics[\(index)].attributeKey"
      guard !metric.attributeKey.isEmpty else { throw .init(field: field, reason: "must not be empty") }
      guard keys.insert(metric.attributeKey).inserted else {
        throw .init(field: field, reason: "'\(metric.attributeKey)' is given twice")
      }
    }
    self.catalog = catalog
    self.customMetrics = customMetrics
    self.plans = catalog.engines.map { engine in
      ScanPlan(engine: engine, customMetrics: customMetrics.map(\.spec), seriesReading: seriesReading)
    }
  }

  /// The plan for an endpoint with these labels; the same object for the same engine.
  package func plan(forLabels labels: [String: String]) -> ScanPlan { plans[catalog.index(forLabels: labels)] }
}
