/// The metrics that the reference EPP and the llm-d router expose whatever plugins are configured, under the names of
/// both, as listed by the Endpoint Picker's process contract.
///
/// Series are obtained once and kept: per request labels through ``RequestMetricsRecorder``, everything else through the
/// methods here, which take locks. May be used from any thread.
public final class ReferenceMetrics: Sendable {
  /// Where the families are registered.
  public let registry: MetricsRegistry
  /// Which model names become label values; names from the configuration should be kept through it.
  public let modelNames: LabelBound
  /// Which fairness ids become label values.
  public let fairnessIDs: LabelBound

  let requests: RequestFamilies
  let pool: PoolFamilies
  private let schedulerDuration: TwinFamily<HistogramFamily>
  private let schedulerAttempts: TwinFamily<CounterFamily>
  private let pluginDuration: TwinFamily<HistogramFamily>
  private let prefixIndexerSize: TwinFamily<GaugeFamily>
  private let prefixIndexerHitRatio: TwinFamily<HistogramFamily>
  private let prefixIndexerHitBytes: TwinFamily<HistogramFamily>
  private let info: TwinFamily<GaugeFamily>
  private let rewriteDecisions: TwinFamily<CounterFamily>
  private let poolSaturation: TwinFamily<GaugeFamily>
  private let requestProcessing: HistogramFamily
  private let responseProcessing: HistogramFamily

  /// Registers all families.
  ///
  /// - Parameters:
  ///   - registry: where.
  ///   - includesOlderNames: whether `inference_objective_*`, `inference_pool_*` and `inference_extension_*` are exposed
  ///     beside `llm_d_epp_*`.
  ///   - maximumLabelValues: how many distinct model names, and how many fairness ids, become label values.
  /// - Throws: ``MetricsRegistrationError`` when a name is taken by something else.
  public init(
    registry: MetricsRegistry, includesOlderNames: Bool = true, maximumLabelValues: Int = LabelBound.defaultLimit
  ) throws(MetricsRegistrationError) {
    self.registry = registry
    modelNames = LabelBound(limit: maximumLabelValues)
    fairnessIDs = LabelBound(limit: maximumLabelValues)
    let registrar = TwinRegistrar(registry: registry, includesOlderNames: includesOlderNames)
    requests = try RequestFamilies(registrar, modelNames: modelNames, fairnessIDs: fairnessIDs)
    pool = try PoolFamilies(registrar)

    func name(_ suffix: String) -> TwinRegistrar.Name { TwinRegistrar.Name("inference_extension_", suffix) }
    let target = MetricLabel("target_model_name", bound: modelNames)
    schedulerDuration = try registrar.histogram(
      name("scheduler_e2e_duration_seconds"), "Time that scheduling a request took, in seconds.",
      older: [], newer: [], buckets: ReferenceBuckets.schedulingLatency)
    schedulerAttempts = try registrar.counter(
      name("scheduler_attempts_total"), "Scheduling attempts by result and chosen endpoint.",
      older: ["status", target, "pod_name", "namespace", "port"],
      newer: ["status", target, "endpoint_name", "namespace", "port"])
    let plugin: [MetricLabel] = ["extension_point", "plugin_type", "plugin_name"]
    pluginDuration = try registrar.histogram(
      name("plugin_duration_seconds"),
      "Time that one call of a plugin took, in seconds, estimated from a sample of the requests.",
      older: plugin, newer: plugin, buckets: ReferenceBuckets.schedulingLatency)
    let indexer: [MetricLabel] = ["plugin_name", "plugin_type"]
    prefixIndexerSize = try registrar.gauge(
      name("prefix_indexer_size"), "Entries in the prefix index.", older: [], newer: indexer)
    prefixIndexerHitRatio = try registrar.histogram(
      name("prefix_indexer_hit_ratio"), "Share of a prompt's blocks found in the prefix index.",
      older: [], newer: indexer, buckets: ReferenceBuckets.hitRatio)
    prefixIndexerHitBytes = try registrar.histogram(
      name("prefix_indexer_hit_bytes"), "Bytes of a prompt found in the prefix index.",
      older: [], newer: indexer, buckets: ReferenceBuckets.hitBytes)
    info = try registrar.gauge(
      name("info"), "Always 1; the labels tell what was built.",
      older: ["commit", "build_ref"], newer: ["commit", "build_ref"])
    let rewrite: [MetricLabel] = [
      "model_rewrite_name", MetricLabel("model_name", bound: modelNames),
      MetricLabel("target_model", bound: modelNames),
    ]
    rewriteDecisions = try registrar.counter(
      name("model_rewrite_decisions_total"), "Decisions to replace a request's model name.",
      older: rewrite, newer: rewrite)

    poolSaturation = try registrar.gauge(
      name("flow_control_pool_saturation"), "How loaded a pool is as its saturation detector sees it; 1 is saturated.",
      older: ["inference_pool"], newer: ["inference_pool", "stage"])

    let prefix = TwinRegistrar.newerPrefix
    requestProcessing = try registry.histogram(
      prefix + "request_processing_duration_seconds", help: "Time from a request to its answer, in seconds.".alpha,
      buckets: ReferenceBuckets.requestProcessingLatency)
    responseProcessing = try registry.histogram(
      prefix + "response_processing_duration_seconds", help: "Time spent on a response, in seconds.".alpha,
      buckets: ReferenceBuckets.responseProcessingLatency)
  }
}

extension ReferenceMetrics {
  /// Seconds that scheduling a request took.
  public func schedulerDurationSeries() -> TwinHistogram { schedulerDuration.twin(older: [], newer: []) }

  /// Seconds from a request to its answer.
  public func requestProcessingSeries() -> HistogramCell { requestProcessing.cell() }

  /// Seconds spent on a response.
  public func responseProcessingSeries() -> HistogramCell { responseProcessing.cell() }

  /// Scheduling attempts that chose `endpoint`; failed ones without it.
  public func schedulerAttemptsSeries(targetModel: String, endpoint: EndpointLabels?) -> TwinCounter {
    let values: [String] =
      if let endpoint {
        ["success", targetModel, endpoint.name, endpoint.namespace, endpoint.port]
      } else {
        ["failure", targetModel, "", "", ""]
      }
    return schedulerAttempts.twin(older: values, newer: values)
  }

  /// Seconds that calls of a plugin take.
  ///
  /// - Parameter extensionPoint: where it is called: `Filter`, `Scorer`, `Picker`, `ProfilePicker`,
  ///   `ProcessProfilesResults`, `PreRequest`, `PrepareData`, `Admission`, `ResponseReceived` or `ResponseStreaming`.
  public func pluginDurationSeries(extensionPoint: String, type: String, name: String) -> TwinHistogram {
    let values = [extensionPoint, type, name]
    return pluginDuration.twin(older: values, newer: values)
  }

  /// What a prefix index reports.
  public func prefixIndexerSeries(pluginType: String, pluginName: String) -> PrefixIndexerSeries {
    let values = [pluginName, pluginType]
    return PrefixIndexerSeries(
      hitRatio: prefixIndexerHitRatio.twin(older: [], newer: values),
      hitBytes: prefixIndexerHitBytes.twin(older: [], newer: values))
  }

  /// Sets the number of entries of a prefix index, for scrapes. The older name, which has no labels, gets `total`.
  public func setPrefixIndexerSize(_ entries: Int, total: Int, pluginType: String, pluginName: String) {
    prefixIndexerSize.older?.cell().set(Double(total), on: registry.sharedShard)
    prefixIndexerSize.newer.cell([pluginName, pluginType]).set(Double(entries), on: registry.sharedShard)
  }

  /// How loaded a pool is; always to be set on the same shard.
  public func poolSaturationSeries(pool: String) -> TwinGauge {
    poolSaturation.twin(older: [pool], newer: [pool, "effective"])
  }

  /// Takes everything that is told of a pool alone out of the exposition: there is no such pool any more.
  public func removePool(_ name: String) {
    poolSaturation.remove(older: [name], newer: [name, "effective"])
    pool.remove(name)
  }

  /// Exposes what was built.
  public func recordInfo(commit: String, buildReference: String) {
    info.twin(older: [commit, buildReference], newer: [commit, buildReference]).set(1, on: registry.sharedShard)
  }

  /// Decisions of one rewrite rule to replace `model` by `target`.
  public func rewriteDecisionsSeries(rewrite: String, model: String, target: String) -> TwinCounter {
    rewriteDecisions.twin(older: [rewrite, model, target], newer: [rewrite, model, target])
  }

  /// The gauges of a pool.
  public func poolSeries(name: String) -> PoolSeries { PoolSeries(pool, name: name) }
}

/// How metrics name an endpoint.
public struct EndpointLabels: Sendable, Hashable {
  /// The endpoint's name, such as `pod-rank-0`.
  public let name: String
  /// Its namespace.
  public let namespace: String
  /// Its port.
  public let port: String

  /// Labels of an endpoint.
  public init(name: String, namespace: String, port: String) {
    self.name = name
    self.namespace = namespace
    self.port = port
  }
}

/// What a prefix index reports.
public struct PrefixIndexerSeries: Sendable {
  /// Share of a prompt that was found, 0…1.
  public let hitRatio: TwinHistogram
  /// Bytes of a prompt that were found.
  public let hitBytes: TwinHistogram
}
