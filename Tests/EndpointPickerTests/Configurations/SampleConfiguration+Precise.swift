extension SampleConfiguration {
  /// Those that know from the servers what is cached.
  static let precise = [
    SampleConfiguration(
      "precise prefix", .llmD,
      """
      plugins:
      - type: token-producer
        parameters:
          backend: vllm
          modelName: some/model
          vllm: {url: "http://localhost:8000"}
      - type: endpoint-notification-source
      - type: metrics-data-source
      - type: core-metrics-extractor
      - type: single-profile-handler
      - type: decode-filter
      - type: precise-prefix-cache-producer
        parameters:
          tokenProcessorConfig: {blockSize: 64}
          indexerConfig: {kvBlockIndexConfig: {enableMetrics: true}}
      - type: prefix-cache-scorer
        parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
      - type: kv-cache-utilization-scorer
      - type: queue-scorer
      - type: max-score-picker
      dataLayer:
        sources:
        - {pluginRef: metrics-data-source, extractors: [{pluginRef: core-metrics-extractor}]}
        - {pluginRef: endpoint-notification-source, extractors: [{pluginRef: precise-prefix-cache-producer}]}
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: decode-filter}
        - {pluginRef: prefix-cache-scorer, weight: 2}
        - {pluginRef: kv-cache-utilization-scorer, weight: 1}
        - {pluginRef: queue-scorer, weight: 1}
        - {pluginRef: max-score-picker}
      """),
    simulated(
      "precise prefix, servers that connect", "blockSize: 16",
      "kvBlockIndexConfig: {enableMetrics: false, metricsLoggingInterval: 60000000000}"),
    simulated(
      "precise prefix, tokens over HTTP", "blockSizeTokens: 16, hashSeed: '42'",
      "kvBlockIndexConfig: {enableMetrics: false}"),
    SampleConfiguration(
      "precise prefix and cold requests", .llmD,
      """
      plugins:
      - type: precise-prefix-cache-producer
        parameters:
          indexerConfig:
            tokenProcessorConfig: {blockSizeTokens: 5}
            kvBlockIndexConfig: {maxPrefixTokensToMatch: 1280}
      - type: prefix-cache-scorer
        parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
      - type: no-hit-lru-scorer
        parameters: {lruSize: 2048}
      - type: decode-filter
      - type: max-score-picker
      - type: single-profile-handler
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: decode-filter}
        - {pluginRef: max-score-picker}
        - {pluginRef: prefix-cache-scorer, weight: 2}
        - {pluginRef: no-hit-lru-scorer, weight: 1}
      """),
    SampleConfiguration(
      "precise prefix under load", .llmD,
      """
      plugins:
      - type: token-producer
        parameters: {modelName: some/model, vllm: {url: "http://localhost:8000", timeout: 5s, mmTimeout: 30s}}
      - type: precise-prefix-cache-producer
        parameters:
          tokenProcessorConfig: {blockSizeTokens: 16}
          speculativeIndexing: true
          kvEventsConfig: {topicFilter: "kv@", concurrency: 32, engineType: vllm, discoverPods: true}
      - type: active-request-scorer
      - type: kv-cache-utilization-scorer
      - type: prefix-cache-scorer
        parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
      - type: no-hit-lru-scorer
        parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: active-request-scorer, weight: 4}
        - {pluginRef: kv-cache-utilization-scorer, weight: 2}
        - {pluginRef: prefix-cache-scorer, weight: 2}
        - {pluginRef: no-hit-lru-scorer, weight: 2}
      """),
    SampleConfiguration(
      "precise prefix in one plugin", .llmD,
      """
      plugins:
      - type: precise-prefix-cache-scorer
        parameters:
          tokenProcessorConfig: {blockSize: 16, hashSeed: "42"}
          kvEventsConfig: {zmqEndpoint: "tcp://0.0.0.0:5557", discoverPods: false}
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: precise-prefix-cache-scorer, weight: 10}]
      """),
  ]

  private static func simulated(_ description: String, _ keys: String, _ indexer: String) -> Self {
    SampleConfiguration(
      description, .llmD,
      """
      plugins:
      - type: token-producer
        parameters: {modelName: some/model, vllm: {url: "http://render:8000"}}
      - type: precise-prefix-cache-producer
        parameters:
          tokenProcessorConfig: {\(keys)}
          kvEventsConfig: {zmqEndpoint: tcp://0.0.0.0:5557}
          indexerConfig: {\(indexer)}
      - type: prefix-cache-scorer
        parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}
      - type: decode-filter
      - type: max-score-picker
      - type: single-profile-handler
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: decode-filter}, {pluginRef: max-score-picker}, {pluginRef: prefix-cache-scorer, weight: 10}]
      """)
  }
}
