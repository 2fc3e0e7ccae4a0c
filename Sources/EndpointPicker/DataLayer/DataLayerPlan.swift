import ModelServerMetrics
import PickerConfiguration
import Scheduling

/// What the data layer does, from the `dataLayer` section and the plugins it refers to.
struct DataLayerPlan {
  /// How model servers are scraped; nil for not at all.
  var scrape: ScrapeConfiguration?
  /// What is read from the pages.
  var extractor: CoreMetricsExtractor
  /// Where endpoints come from; nil leaves it to the flags.
  var discovery: FileDiscovery?

  /// Reads the section. In the older API version an explicit section replaces the default sources; in the newer one
  /// it adds to them unless `injectDefaults` is false.
  init(
    _ config: EndpointPickerConfig, _ plugins: LoadedPlugins, interval: Duration,
    flags: ModelServerFlags = ModelServerFlags()
  ) throws {
    // The built-in configuration is what flags may still change.
    let isBuiltIn = config.source == EndpointPickerConfig.defaultSource
    extractor = try Self.defaultExtractor(isBuiltIn ? nil : plugins, flags)
    let section = isBuiltIn ? nil : config.dataLayer
    var source: MetricsDataSource?
    for candidate in section?.sources ?? [] {
      guard let found = plugins.instance(named: candidate.plugin.name)?.plugin as? MetricsDataSource else {
        throw ConfigurationError(candidate.plugin.location, "\"\(candidate.plugin.name)\" is not a data source")
      }
      source = found
      for reference in candidate.extractors {
        guard let plugin = plugins.instance(named: reference.name)?.plugin as? CoreMetricsExtractorPlugin else {
          throw ConfigurationError(reference.location, "\"\(reference.name)\" is not an extractor")
        }
        extractor = plugin.extractor
      }
    }
    if source == nil, section == nil || (config.lineage == .llmD && section?.injectDefaults != false) {
      source =
        isBuiltIn
        ? Self.defaultSource(flags)
        : plugins.plugins(MetricsDataSource.self).first?.plugin ?? Self.defaultSource(flags)
    }
    scrape = source?.configuration
    if source?.hasOwnInterval == false { scrape?.interval = interval }
    if let reference = section?.discovery {
      guard let plugin = plugins.instance(named: reference.name)?.plugin as? FileDiscovery else {
        throw ConfigurationError(reference.location, "\"\(reference.name)\" is not a source of endpoints")
      }
      discovery = plugin
    }
  }

  private static func defaultSource(_ flags: ModelServerFlags) -> MetricsDataSource {
    var configuration = ScrapeConfiguration()
    flags.apply(to: &configuration)
    return MetricsDataSource(configuration: configuration, hasOwnInterval: false)
  }

  private static func defaultExtractor(
    _ plugins: LoadedPlugins?, _ flags: ModelServerFlags
  ) throws -> CoreMetricsExtractor {
    if let configured = plugins?.plugins(CoreMetricsExtractorPlugin.self).first { return configured.plugin.extractor }
    let engine = try flags.defaultEngine()
    do {
      return try CoreMetricsExtractor(catalog: try EngineCatalog(engineConfigs: [engine]))
    } catch {
      throw ConfigurationError(SourceLocation(source: "built-in default"), "\(error)")
    }
  }
}
