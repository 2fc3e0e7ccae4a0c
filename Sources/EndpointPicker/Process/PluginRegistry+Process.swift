import Scheduling

extension PluginRegistry {
  /// All plugin types that epp knows: the scheduling plugins and those of the data layer.
  public static var standard: PluginRegistry {
    var registry = PluginRegistry.builtIn
    registry.register(.metricsDataSource)
    registry.register(.coreMetricsExtractor)
    registry.register(.modelsDataSource)
    registry.register(.modelsDataExtractor)
    registry.register(.fileDiscovery)
    registry.register(.endpointNotificationSource)
    return registry
  }
}
