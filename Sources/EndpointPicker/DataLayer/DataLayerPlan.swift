import ModelServerMetrics
import PickerConfiguration
import Scheduling

/// What the data layer does, from the `dataLayer` section in force and the plugins it refers to.
struct DataLayerPlan {
  /// How model servers are scraped; nil for not at all.
  var scrape: ScrapeConfiguration?
  /// What is read from the pages.
  var extractor: CoreMetricsExtractor
  /// How the models that servers list are asked for; nil for not at all.
  var models: ModelsDataSource?
  /// What sources use towards model servers and has files.
  var tls: [ModelServerTLS] = []
  /// Where endpoints come from; nil leaves it to the flags.
  var discovery: FileDiscovery?

  /// Reads the section.
  /// - Parameter interval: time between scrapes where the source sets none.
  init(_ plugins: LoadedPlugins, interval: Duration) throws(ConfigurationError) {
    extractor = try Self.defaultExtractor(plugins)
    let section = plugins.configuration.dataLayer
    for candidate in section?.sources ?? [] {
      switch plugins.instance(named: candidate.plugin.name)?.plugin {
      case let source as MetricsDataSource:
        guard scrape == nil else {
          throw ConfigurationError(candidate.plugin.location, "only one metrics-data-source can be used")
        }
        scrape = source.configuration
        add(source.tls)
        if !source.hasOwnInterval { scrape?.interval = interval }
        if let problem = Self.idleProblem(scrape, plugins) {
          throw ConfigurationError(candidate.plugin.location, "\"\(candidate.plugin.name)\": \(problem)")
        }
        for reference in candidate.extractors {
          guard let plugin = plugins.instance(named: reference.name)?.plugin as? CoreMetricsExtractorPlugin else {
            throw ConfigurationError(reference.location, "\"\(reference.name)\" is not an extractor of metrics pages")
          }
          extractor = plugin.extractor
        }
      case let source as ModelsDataSource:
        for reference in candidate.extractors
        where !(plugins.instance(named: reference.name)?.plugin is ModelsDataExtractor) {
          throw ConfigurationError(reference.location, "\"\(reference.name)\" is not an extractor of model lists")
        }
        // Nobody asks for what nobody reads.
        if !candidate.extractors.isEmpty {
          models = source
          add(source.tls)
        }
      case is EndpointNotificationSource:
        for reference in candidate.extractors
        where !(plugins.instance(named: reference.name)?.plugin is any EndpointObserver) {
          throw ConfigurationError(reference.location, "\"\(reference.name)\" keeps nothing for endpoints")
        }
      default:
        throw ConfigurationError(candidate.plugin.location, "\"\(candidate.plugin.name)\" is not a data source")
      }
    }
    if let reference = section?.discovery {
      guard let plugin = plugins.instance(named: reference.name)?.plugin as? FileDiscovery else {
        throw ConfigurationError(reference.location, "\"\(reference.name)\" is not a source of endpoints")
      }
      discovery = plugin
    }
  }

  private mutating func add(_ tls: ModelServerTLS?) {
    if let tls, !tls.files.paths.isEmpty { self.tls.append(tls) }
  }

  /// What speaks against leaving idle endpoints alone for as long as the source says.
  private static func idleProblem(_ scrape: ScrapeConfiguration?, _ plugins: LoadedPlugins) -> String? {
    guard let scrape, let idle = scrape.idleInterval else { return nil }
    if idle < scrape.interval { return "idleInterval must be at least the interval between scrapes" }
    for (instance, detector) in plugins.plugins(UtilizationDetector.self)
    where idle >= .seconds(detector.parameters.metricsStalenessThreshold) {
      return "idleInterval must be shorter than metricsStalenessThreshold of \"\(instance.name)\" "
        + "(\(detector.parameters.metricsStalenessThreshold) s), which would take idle endpoints for saturated"
    }
    return nil
  }

  private static func defaultExtractor(_ plugins: LoadedPlugins) throws(ConfigurationError) -> CoreMetricsExtractor {
    if let configured = plugins.plugins(CoreMetricsExtractorPlugin.self).first { return configured.plugin.extractor }
    do {
      return try CoreMetricsExtractor(catalog: try EngineCatalog())
    } catch {
      throw ConfigurationError(SourceLocation(source: "built-in default"), "\(error)")
    }
  }
}
