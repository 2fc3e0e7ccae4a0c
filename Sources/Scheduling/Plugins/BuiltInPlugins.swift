/// The scheduling plugins of the library, one line each.
enum BuiltInPlugins {
  static let all: [PluginRegistration] = [
    .queueScorer,
    .kvCacheUtilizationScorer,
    .runningRequestsSizeScorer,
    .prefixCacheScorer,
    .headerBasedTestingFilter,
    .maxScorePicker,
    .randomPicker,
    .weightedRandomPicker,
    .singleProfileHandler,
    .approximatePrefixCacheProducer,
    .tokenProducer,
    .utilizationDetector,
    .openAIParser,
    .anthropicParser,
    .vllmHTTPParser,
    .vllmGRPCParser,
    .sglangHTTPParser,
    .passthroughParser,
  ]
}
