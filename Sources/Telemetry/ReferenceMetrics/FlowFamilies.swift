/// The metrics of flow control under both names, registered only where requests wait in queues.
public struct FlowFamilies: Sendable {
  private let queueDuration: TwinFamily<HistogramFamily>
  private let enqueueDuration: TwinFamily<HistogramFamily>
  private let cycleDuration: TwinFamily<HistogramFamily>
  private let size: TwinFamily<GaugeFamily>
  private let bytes: TwinFamily<GaugeFamily>
  private let total: CounterFamily

  /// Registers the families beside those of `metrics`.
  /// - Throws: ``MetricsRegistrationError`` when a name is taken by something else.
  public init(_ metrics: ReferenceMetrics, includesOlderNames: Bool) throws(MetricsRegistrationError) {
    let registrar = TwinRegistrar(registry: metrics.registry, includesOlderNames: includesOlderNames)
    func name(_ suffix: String) -> TwinRegistrar.Name {
      TwinRegistrar.Name("inference_extension_", "flow_control_" + suffix)
    }
    let flow = [MetricLabel("fairness_id", bound: metrics.fairnessIDs), "priority"]
    let model: [MetricLabel] = [
      "inference_pool", MetricLabel("model_name", bound: metrics.modelNames),
      MetricLabel("target_model_name", bound: metrics.modelNames),
    ]
    queueDuration = try registrar.histogram(
      name("request_queue_duration_seconds"),
      "Time that requests waited for their turn, in seconds, by what came of it.",
      older: flow + ["outcome"] + model, newer: flow + ["outcome"] + model, buckets: ReferenceBuckets.queueLatency)
    enqueueDuration = try registrar.histogram(
      name("request_enqueue_duration_seconds"), "Time that putting a request into its queue took, in seconds.",
      older: flow + ["outcome"], newer: flow + ["outcome"], buckets: ReferenceBuckets.schedulingLatency)
    cycleDuration = try registrar.histogram(
      name("dispatch_cycle_duration_seconds"), "Time that a dispatch cycle took, in seconds.",
      older: [], newer: [], buckets: ReferenceBuckets.schedulingLatency)
    size = try registrar.gauge(
      name("queue_size"), "Requests that wait for their turn.", older: flow + model, newer: flow + model)
    bytes = try registrar.gauge(
      name("queue_bytes"), "Bytes of the bodies of requests that wait for their turn.", older: flow + model,
      newer: flow + model)
    total = try metrics.registry.counter(
      TwinRegistrar.newerPrefix + "flow_control_requests_total",
      help: "Requests that asked for their turn, by what came of it.".alpha,
      labels: ["outcome", "priority", "inference_pool"])
  }

  /// Seconds that requests waited.
  public func queueDurationSeries(_ labels: RequestLabels, outcome: String, pool: String) -> TwinHistogram {
    let values = [labels.fairnessID, String(labels.priority), outcome, pool, labels.model, labels.targetModel]
    return queueDuration.twin(older: values, newer: values)
  }

  /// Seconds that it takes to put requests into their queues.
  public func enqueueDurationSeries(_ labels: RequestLabels, outcome: String) -> TwinHistogram {
    let values = [labels.fairnessID, String(labels.priority), outcome]
    return enqueueDuration.twin(older: values, newer: values)
  }

  /// Seconds that dispatch cycles take.
  public func cycleDurationSeries() -> TwinHistogram { cycleDuration.twin(older: [], newer: []) }

  /// Requests that wait.
  public func sizeSeries(_ labels: RequestLabels, pool: String) -> TwinGauge {
    let values = Self.values(labels, pool)
    return size.twin(older: values, newer: values)
  }

  /// Bytes of the bodies of requests that wait.
  public func bytesSeries(_ labels: RequestLabels, pool: String) -> TwinGauge {
    let values = Self.values(labels, pool)
    return bytes.twin(older: values, newer: values)
  }

  /// Requests that asked for their turn.
  public func totalSeries(outcome: String, priority: Int, pool: String) -> CounterCell {
    total.cell([outcome, String(priority), pool])
  }

  private static func values(_ labels: RequestLabels, _ pool: String) -> [String] {
    [labels.fairnessID, String(labels.priority), pool, labels.model, labels.targetModel]
  }
}
