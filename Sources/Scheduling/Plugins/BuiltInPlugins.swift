/// The scheduling plugins of the library, one line each.
enum BuiltInPlugins {
  static let all: [PluginRegistration] = [
    // Filters
    .contextLengthAware,
    .decodeFilter,
    .encodeFilter,
    .endpointAttributeFilter,
    .expressionFilter,
    .headerBasedTestingFilter,
    .labelFilter,
    .labelSelectorFilter,
    .prefillFilter,
    .prefixCacheAffinityFilter,
    .sessionAffinityFilter,
    .utilizationFilter,
    // Scorers
    .activeRequestScorer,
    .endpointAttributeScorer,
    .expressionScorer,
    .headerLabelAffinityScorer,
    .kvCacheUtilizationScorer,
    .loadAwareScorer,
    .loraAffinityScorer,
    .noHitLRUScorer,
    .prefixCacheScorer,
    .queueScorer,
    .runningRequestsSizeScorer,
    .sessionAffinityScorer,
    .tokenLoadScorer,
    // Pickers
    .maxScorePicker,
    .randomPicker,
    .weightedRandomPicker,
    // Profile handlers and their deciders
    .alwaysDisaggregate,
    .alwaysDisaggregateMultimodal,
    .dataParallelProfileHandler,
    .disaggregatedProfileHandler,
    .headerProfileHandler,
    .prefillDecodeProfileHandler,
    .prefixBasedDecider,
    .singleProfileHandler,
    .stageHeadersHandler,
    // Producers
    .approximatePrefixCacheProducer,
    .inFlightLoadProducer,
    .sessionIDProducer,
    .tokenProducer,
    // Saturation and admission
    .concurrencyDetector,
    .probabilisticAdmitter,
    .utilizationDetector,
    // Parsers and responses
    .destinationServedVerifier,
    .requestAttributeReporter,
    .openAIParser,
    .anthropicParser,
    .vllmHTTPParser,
    .vllmGRPCParser,
    .sglangHTTPParser,
    .passthroughParser,
  ]
}
