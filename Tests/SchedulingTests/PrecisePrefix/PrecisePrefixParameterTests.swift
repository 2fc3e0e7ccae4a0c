import KVCacheEvents
import Scheduling
import Testing

/// The parameters of `precise-prefix-cache-producer`, and how `precise-prefix-cache-scorer` finds its producer.
@Suite struct PrecisePrefixParameterTests {
  private static let type = "precise-prefix-cache-producer"

  private func parameters(_ text: String = "") throws -> PrecisePrefixCacheProducer.Parameters {
    try makePlugin(Self.type, text, as: PrecisePrefixCacheProducer.self).parameters
  }

  @Test func defaults() throws {
    let parameters = try parameters()
    #expect(parameters == PrecisePrefixCacheProducer.Parameters())
    #expect(parameters.blockSize == 16)
    #expect(parameters.endpointsPerBlock == 10)
    #expect(parameters.weights == TierWeights(gpu: 1, cpu: 0.8, other: 1))
    #expect(!parameters.speculates)
    #expect(parameters.speculativeTTL == 2)
    #expect(parameters.events.binding == nil)
    #expect(parameters.events.followsEndpoints)
    #expect(parameters.events.socketPort == 5_557)
    #expect(parameters.events.topicFilter == "kv@")
    #expect(parameters.events.replayPort == nil)
  }

  @Test func everyParameterCounts() throws {
    let parameters = try parameters(
      """
      tokenProcessorConfig: {blockSizeTokens: 64, hashSeed: "42", hashAlgorithm: xxh64},
      indexerConfig: {
        kvBlockIndexConfig: {
          inMemoryConfig: {size: 1000, podCacheSize: 3}, enableMetrics: true, metricsLoggingInterval: 60000000000},
        kvCacheBackendConfigs: [{name: GPU, weight: 0.9}, {name: cpu, weight: 0.5}, {name: disk, weight: 0.1}]},
      kvEventsConfig: {
        topicFilter: "kv@x", concurrency: 32, engineType: sglang, discoverPods: true,
        zmqEndpoint: "tcp://[::1]:5600",
        podDiscoveryConfig: {podLabelSelector: a=b, podNamespace: n, socketPort: 5558, replaySocketPort: 5559}},
      speculativeIndexing: true, speculativeTTL: 500ms
      """)
    #expect(parameters.blockSize == 64)
    #expect(parameters.hashSeed == "42")
    #expect(parameters.capacity == 1_000)
    #expect(parameters.endpointsPerBlock == 3)
    #expect(parameters.weights == TierWeights(gpu: 0.9, cpu: 0.5, other: 0.1))
    #expect(parameters.events.topicFilter == "kv@x")
    #expect(parameters.events.followsEndpoints)
    #expect(parameters.events.binding?.host == "::1")
    #expect(parameters.events.binding?.port == 5_600)
    #expect(parameters.events.socketPort == 5_558)
    #expect(parameters.events.replayPort == 5_559)
    #expect(parameters.speculates)
    #expect(parameters.speculativeTTL == 0.5)
  }

  @Test func anIndexMayBeLimitedByMemory() throws {
    let text = "indexerConfig: {kvBlockIndexConfig: {costAwareMemoryConfig: {size: 2MiB}}}"
    #expect(try parameters(text).capacity == 10_485)
    #expect(
      parameterProblems(Self.type, text.replacing("2MiB", with: "much")).first?.contains("amount of memory") == true)
  }

  @Test func serversThatConnectAreNotConnectedTo() throws {
    let events = try parameters("kvEventsConfig: {zmqEndpoint: 'tcp://*:5557'}").events
    #expect(!events.followsEndpoints)
    #expect(events.binding?.host == "0.0.0.0")
  }

  @Test func hearingNobodyIsWarnedOf() throws {
    let loaded = try load(
      "plugins: [{type: \(Self.type), parameters: {kvEventsConfig: {discoverPods: false}}}]\n")
    #expect(loaded.warnings.map(\.location.path) == ["plugins[0].parameters.kvEventsConfig.discoverPods"])
  }

  @Test func olderSpellingsCountWithAWarning() throws {
    let loaded = try load(
      """
      plugins:
      - type: precise-prefix-cache-producer
        parameters:
          indexerConfig:
            speculativeIndexing: true
            tokenProcessorConfig: {blockSize: 5}
            kvBlockIndexConfig: {maxPrefixTokensToMatch: 1280}
      """)
    let producer = try #require(loaded.instance(named: Self.type)?.plugin as? PrecisePrefixCacheProducer)
    #expect(producer.parameters.blockSize == 5)
    #expect(producer.parameters.speculates)
    let paths = loaded.warnings.map(\.location.path)
    for field in [
      "tokenProcessorConfig", "tokenProcessorConfig.blockSize", "speculativeIndexing",
      "kvBlockIndexConfig.maxPrefixTokensToMatch",
    ] {
      #expect(paths.contains("plugins[0].parameters.indexerConfig.\(field)"), "\(field) in \(paths)")
    }
  }

  @Test(arguments: [
    ("tokenProcessorConfig: {blockSizeTokens: 0}", "tokenProcessorConfig.blockSizeTokens"),
    ("tokenProcessorConfig: {hashAlgorithm: md5}", "tokenProcessorConfig.hashAlgorithm"),
    ("tokenProcessorConfig: {blocks: 4}", "tokenProcessorConfig.blocks"),
    ("indexerConfig: {tokenizersPoolConfig: {}}", "indexerConfig.tokenizersPoolConfig"),
    (
      "indexerConfig: {kvBlockIndexConfig: {redisConfig: {address: a}}}",
      "indexerConfig.kvBlockIndexConfig.redisConfig"
    ),
    (
      "indexerConfig: {kvCacheBackendConfigs: [{weight: 1}]}", "indexerConfig.kvCacheBackendConfigs[0].name"
    ),
    ("kvEventsConfig: {zmqEndpoint: 'ipc://a'}", "kvEventsConfig.zmqEndpoint"),
    ("kvEventsConfig: {zmqEndpoint: 'tcp://host:5557'}", "kvEventsConfig.zmqEndpoint"),
    ("kvEventsConfig: {zmqEndpoint: 'tcp://10.0.0.1:0'}", "kvEventsConfig.zmqEndpoint"),
    ("kvEventsConfig: {engineType: other}", "kvEventsConfig.engineType"),
    ("kvEventsConfig: {concurrency: 0}", "kvEventsConfig.concurrency"),
    ("kvEventsConfig: {podDiscoveryConfig: {socketPort: 70000}}", "kvEventsConfig.podDiscoveryConfig.socketPort"),
    ("speculativeIndexing: true, speculativeTTL: 0s", "speculativeTTL"),
    ("speculation: true", "speculation"),
  ])
  func aParameterThatCannotBeUsedIsNamed(parameters: String, field: String) {
    let problems = parameterProblems(Self.type, parameters)
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix(".\(field): ") == true, "\(problems)")
  }

  // MARK: precise-prefix-cache-scorer

  private func scorer(_ plugins: String) throws -> (PrecisePrefixCacheScorer, LoadedPlugins) {
    let loaded = try load("plugins:\n- type: precise-prefix-cache-scorer\n\(plugins)")
    let plugin = loaded.instance(named: "precise-prefix-cache-scorer")?.plugin
    return (try #require(plugin as? PrecisePrefixCacheScorer), loaded)
  }

  @Test func aScorerByItselfBringsItsProducer() throws {
    let (scorer, loaded) = try scorer("  parameters: {tokenProcessorConfig: {blockSizeTokens: 2}}")
    let producer = try #require(scorer.ownProducer)
    #expect(loaded.warnings.map(\.message).contains { $0.contains("is deprecated; use") })
    #expect(loaded.instance(named: "approx-prefix-cache-producer") == nil)
    let pool = TestPool(2)
    let requests = Requests()
    let index = PreciseIndex(hasher: producer.hasher, holders: producer.holders)
    let blocks = StoredBlocks(hashes: [1, 2], parent: nil, tokens: [1, 2, 3, 4], blockSize: 2)
    index.apply(.stored(blocks), endpoint: 1, model: "llama")
    #expect(try pool.pick(try requests.tokens([[1, 2, 3, 4, 5, 6]]), by: loaded.scheduler) == ["pod-2"])
    // No scaling between the least and the greatest.
    let scores = scorer.scores(pool.cycle)
    #expect(scores[0] == 0)
    #expect(abs(scores[1] - 2.0 / 3) < 1e-12)
  }

  @Test func aScorerReadsTheProducerThatThereIs() throws {
    let (scorer, loaded) = try scorer("- {name: p, type: precise-prefix-cache-producer}")
    #expect(scorer.ownProducer == nil)
    let producer = try #require(loaded.instance(named: "p")?.plugin as? PrecisePrefixCacheProducer)
    let index = PreciseIndex(hasher: producer.hasher, holders: producer.holders)
    let tokens = (0..<32).map { UInt32($0) }
    index.apply(
      .stored(StoredBlocks(hashes: [1], parent: nil, tokens: Array(tokens[..<16]), blockSize: 16)), endpoint: 0,
      model: "llama")
    let pool = TestPool(2)
    let requests = Requests()
    #expect(try pool.pick(try requests.tokens([tokens]), by: loaded.scheduler) == ["pod-1"])
    #expect(scorer.scores(pool.cycle) == [0.5, 0])
  }

  @Test func ofSeveralProducersNoneIsChosen() {
    let problems = problems(
      """
      plugins:
      - type: precise-prefix-cache-scorer
      - {name: a, type: precise-prefix-cache-producer}
      - {name: b, type: precise-prefix-cache-producer}
      """)
    #expect(problems.count == 1)
    #expect(problems.first?.contains("there are 2 precise-prefix-cache-producers") == true, "\(problems)")
  }

  @Test func scorersThatNameTheProducerReadIt() throws {
    let loaded = try load(
      """
      plugins:
      - {type: precise-prefix-cache-producer, parameters: {tokenProcessorConfig: {blockSizeTokens: 2}}}
      - {type: prefix-cache-scorer, parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}}
      - {type: no-hit-lru-scorer, parameters: {prefixMatchInfoProducerName: precise-prefix-cache-producer}}
      """)
    #expect(loaded.instance(named: "approx-prefix-cache-producer") == nil)
    let producer = try #require(loaded.plugins(PrecisePrefixCacheProducer.self).first?.plugin)
    let index = PreciseIndex(hasher: producer.hasher, holders: producer.holders)
    let pool = TestPool(3)
    let requests = Requests()
    let request = try requests.tokens([[1, 2, 3, 4]])
    // Cold: candidates in their order.
    #expect(try pool.pick(request, by: loaded.scheduler) == ["pod-1"])
    index.apply(
      .stored(StoredBlocks(hashes: [1], parent: nil, tokens: [1, 2], blockSize: 2)), endpoint: 2, model: "llama")
    #expect(try pool.pick(request, by: loaded.scheduler) == ["pod-3"])
  }
}
