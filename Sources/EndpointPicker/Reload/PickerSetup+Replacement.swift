import PickerConfiguration
import Scheduling

/// What cannot change while the process runs.
extension PickerSetup {
  /// Checks that the setup can take the place of another one.
  /// - Throws: everything that needs a restart, each with its place.
  func check(replacing old: PickerSetup) throws(ConfigurationError) {
    var problems: [ConfigurationProblem] = []
    if config.lineage != old.config.lineage {
      problems.append(
        ConfigurationProblem(
          SourceLocation(source: config.source, path: "apiVersion"), "cannot change \(Self.whileRunning)"))
    }
    if (plugins.flowControl == nil) != (old.plugins.flowControl == nil) {
      problems.append(
        ConfigurationProblem(
          config.featureGates.locations[.flowControl] ?? SourceLocation(source: config.source, path: "featureGates"),
          "\"flowControl\" cannot change \(Self.whileRunning)"))
    }
    let section = plugins.configuration.dataLayer?.location ?? SourceLocation(source: config.source, path: "dataLayer")
    let names = Self.dataLayerNames(plugins)
    let isSame =
      names == Self.dataLayerNames(old.plugins)
      && Self.dataLayerDocument(plugins) == Self.dataLayerDocument(old.plugins)
    if !isSame {
      problems.append(
        ConfigurationProblem(section, "sources, extractors and discovery cannot change \(Self.whileRunning)"))
    } else {
      for name in names where !plugins.inherited.contains(name) {
        let location = config.plugin(named: name)?.location ?? section
        problems.append(
          ConfigurationProblem(location, "\"\(name)\" is part of the data layer and cannot change \(Self.whileRunning)")
        )
      }
    }
    if let error = ConfigurationError(problems) { throw error }
  }

  private static let whileRunning = "while epp runs; restart it to put this in force"

  /// The plugins that only the data layer uses, by name.
  private static func dataLayerNames(_ plugins: LoadedPlugins) -> [String] {
    plugins.instances.filter { instance in
      switch instance.plugin {
      case is MetricsDataSource, is CoreMetricsExtractorPlugin, is ModelsDataSource, is ModelsDataExtractor,
        is FileDiscovery, is EndpointNotificationSource:
        true
      // Servers' events are heard for the producers that there were at the start.
      default: CacheEventService.producer(in: instance) != nil
      }
    }.map(\.name).sorted()
  }

  private static func dataLayerDocument(_ plugins: LoadedPlugins) -> YAMLValue? {
    plugins.configuration.effectiveDocument(parameters: [:]).field("dataLayer")
  }
}
