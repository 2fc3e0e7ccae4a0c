/// Registers families under both names, the older help text saying which name replaces it.
struct TwinRegistrar {
  /// What the newer names start with.
  static let newerPrefix = "llm_d_epp_"

  let registry: MetricsRegistry
  let includesOlderNames: Bool

  /// The names of a family.
  struct Name {
    let older: String
    let newer: String

    /// - Parameter newer: without the prefix that all newer names have; as the older one by default.
    init(_ prefix: String, _ older: String, newer: String? = nil) {
      self.older = prefix + older
      self.newer = TwinRegistrar.newerPrefix + (newer ?? older)
    }
  }

  func counter(
    _ name: Name, _ help: String, older: [MetricLabel], newer: [MetricLabel]
  ) throws(MetricsRegistrationError) -> TwinFamily<CounterFamily> {
    TwinFamily(
      older: includesOlderNames ? try registry.counter(name.older, help: help.replaced(by: name), labels: older) : nil,
      newer: try registry.counter(name.newer, help: help.alpha, labels: newer))
  }

  func gauge(
    _ name: Name, _ help: String, older: [MetricLabel], newer: [MetricLabel]
  ) throws(MetricsRegistrationError) -> TwinFamily<GaugeFamily> {
    TwinFamily(
      older: includesOlderNames ? try registry.gauge(name.older, help: help.replaced(by: name), labels: older) : nil,
      newer: try registry.gauge(name.newer, help: help.alpha, labels: newer))
  }

  func histogram(
    _ name: Name, _ help: String, older: [MetricLabel], newer: [MetricLabel], buckets: [Double]
  ) throws(MetricsRegistrationError) -> TwinFamily<HistogramFamily> {
    TwinFamily(
      older: includesOlderNames
        ? try registry.histogram(name.older, help: help.replaced(by: name), labels: older, buckets: buckets) : nil,
      newer: try registry.histogram(name.newer, help: help.alpha, labels: newer, buckets: buckets))
  }
}

extension String {
  /// The help text of a metric whose name may still change.
  var alpha: String { "[ALPHA] \(self)" }

  /// The help text of a metric that has a newer name.
  fileprivate func replaced(by name: TwinRegistrar.Name) -> String {
    "[ALPHA] [Deprecated: Use \(name.newer)] \(self)"
  }
}
