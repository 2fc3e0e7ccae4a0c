import ModelServerMetrics
import PickerConfiguration
import Scheduling

/// `core-metrics-extractor`: which metrics of which engine become which values.
struct CoreMetricsExtractorPlugin: Plugin, PendingRequestsPolicy {
  let extractor: CoreMetricsExtractor
  let countsPendingRequests: Bool
}

extension PluginRegistration {
  static let coreMetricsExtractor = coreMetricsExtractor(vllm: .vllm)

  /// The type with other metrics for vLLM, unless `engineConfigs` describe it.
  static func coreMetricsExtractor(vllm: EngineMetrics) -> PluginRegistration {
    PluginRegistration(type: "core-metrics-extractor") { (context) throws(ConfigurationError) in
      try makeExtractor(context, vllm)
    }
  }

  private static func makeExtractor(
    _ context: PluginContext, _ vllm: EngineMetrics
  ) throws(ConfigurationError) -> CoreMetricsExtractorPlugin {
    let decoder = context.parameters
    var engines = decoder.children("engineConfigs").map(EngineMetrics.init(decoding:))
    if !engines.contains(where: { $0.name == vllm.name }) { engines.append(vllm) }
    let custom = decoder.children("customMetrics").compactMap { child -> CustomMetric? in
      let key = child.requiredString("attributeKey")
      return child.spec("metricSpec").map { CustomMetric(attributeKey: key, spec: $0) }
    }
    let reading: SeriesReading = decoder.bool("firstSeriesOnly", default: false) ? .firstSeries : .combined
    let countsPendingRequests = !decoder.bool("scrapedValuesOnly", default: false)
    do throws(EngineCatalogError) {
      let catalog = try EngineCatalog(
        labelKey: decoder.string("engineLabelKey"),
        defaultEngine: decoder.string("defaultEngine", default: EngineCatalog.defaultEngineName), engineConfigs: engines
      )
      return CoreMetricsExtractorPlugin(
        extractor: try CoreMetricsExtractor(catalog: catalog, customMetrics: custom, seriesReading: reading),
        countsPendingRequests: countsPendingRequests)
    } catch {
      throw ConfigurationError(decoder.location.field(error.field), error.reason)
    }
  }
}

extension EngineMetrics {
  fileprivate init(decoding decoder: ParameterDecoder) {
    self.init(
      name: decoder.requiredString("name"),
      waiting: decoder.spec("queuedRequestsSpec"),
      running: decoder.spec("runningRequestsSpec"),
      kvUsage: decoder.spec("kvUsageSpec"),
      lora: decoder.spec("loraSpec"),
      cacheInfo: decoder.spec("cacheInfoSpec"),
      cacheBlockSizeLabel: decoder.string("cacheBlockSizeLabelName", default: "block_size"),
      cacheBlockCountLabel: decoder.string("cacheNumBlocksLabelName", default: "num_gpu_blocks"),
      cacheBlockSize: decoder.spec("cacheBlockSizeSpec"),
      cacheBlockCount: decoder.spec("cacheNumBlocksSpec"))
  }
}

extension ParameterDecoder {
  /// A metric spec; nil when absent, empty or wrong (which is noted).
  fileprivate func spec(_ name: String) -> MetricSpec? {
    let text = string(name, default: "")
    guard !text.isEmpty else { return nil }
    do {
      return try MetricSpec(text)
    } catch {
      reject(name, "\(error)")
      return nil
    }
  }
}
