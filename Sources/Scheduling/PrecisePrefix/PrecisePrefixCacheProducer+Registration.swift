import KVCacheEvents
import PickerConfiguration

extension PluginRegistration {
  static let precisePrefixCacheProducer = PluginRegistration(
    type: "precise-prefix-cache-producer", requires: [.tokenizedPrompt], produces: [.prefixCacheMatch]
  ) { context in
    PrecisePrefixCacheProducer(
      parameters: PrecisePrefixCacheProducer.Parameters(decoding: context.parameters),
      attributes: context.attributes, name: context.name)
  }
}

/// How keys are made where indexes are shared; here they never leave the process, so one way does for both names.
private enum HashAlgorithm: String, CaseIterable {
  case cborFNV = "cbor-fnv"
  case xxh64
}

/// The servers that events come from. Both send the same.
private enum EngineType: String, CaseIterable {
  case vllm
  case sglang
}

extension PrecisePrefixCacheProducer.Parameters {
  /// Bytes that a block of one server takes in the index, and about as much for who holds it.
  private static let bytesPerBlock: Int64 = 200

  /// Reads the parameters; what is wrong is noted in the decoder.
  init(decoding decoder: ParameterDecoder) {
    self.init()
    let indexer = decoder.section("indexerConfig")
    readKeys(decoder, indexer)
    readIndex(indexer)
    events = CacheEventSettings(decoding: decoder.section("kvEventsConfig"))
    var isOn = false
    if indexer.deprecated("speculativeIndexing", use: "speculativeIndexing beside indexerConfig", isHonoured: true) {
      isOn = indexer.bool("speculativeIndexing", default: false)
    }
    speculates = decoder.bool("speculativeIndexing", default: isOn)
    speculativeTTL = decoder.duration("speculativeTTL", default: .seconds(2)).seconds
    if speculates, speculativeTTL <= 0 { decoder.reject("speculativeTTL", "must be positive") }
  }

  private mutating func readKeys(_ decoder: ParameterDecoder, _ indexer: ParameterDecoder) {
    // Some documents have the section within the other one.
    let isNested =
      indexer.deprecated("tokenProcessorConfig", use: "tokenProcessorConfig beside indexerConfig", isHonoured: true)
      && !decoder.isSet("tokenProcessorConfig")
    let section = isNested ? indexer.section("tokenProcessorConfig") : decoder.section("tokenProcessorConfig")
    let sizes = 1...4_096
    let old =
      section.deprecated("blockSize", use: "blockSizeTokens", isHonoured: true)
      ? section.int("blockSize", range: sizes) : nil
    blockSize = section.int("blockSizeTokens", default: old ?? blockSize, range: sizes)
    hashSeed = section.string("hashSeed", default: hashSeed)
    _ = section.enumeration("hashAlgorithm", default: HashAlgorithm.cborFNV)
  }

  private mutating func readIndex(_ indexer: ParameterDecoder) {
    if indexer.isSet("tokenizersPoolConfig") {
      indexer.reject("tokenizersPoolConfig", "not supported; tokens come from a token-producer")
    }
    let blocks = indexer.section("kvBlockIndexConfig")
    if blocks.isSet("redisConfig") {
      blocks.reject("redisConfig", "not supported; the index is kept in memory")
    }
    blocks.deprecated("maxPrefixTokensToMatch")
    _ = blocks.bool("enableMetrics", default: false)
    // A number of nanoseconds, or a span of time; what it asks for is among the metrics.
    _ = blocks.node("metricsLoggingInterval")
    let memory = blocks.section("inMemoryConfig")
    capacity = memory.int("size", default: capacity, range: 1...)
    endpointsPerBlock = memory.int("podCacheSize", default: endpointsPerBlock, range: 1...)
    if let costs = blocks.child("costAwareMemoryConfig") {
      let text = costs.string("size", default: "2GiB")
      if let size = Quantity(text, allowingByteUnit: true), size.value >= Self.bytesPerBlock {
        capacity = Int(size.value / Self.bytesPerBlock)
      } else {
        costs.reject("size", "must be an amount of memory such as \"2GiB\"")
      }
    }
    for backend in indexer.children("kvCacheBackendConfigs") {
      let name = backend.requiredString("name").lowercased()
      let weight = backend.double("weight", default: 1, range: 0...)
      switch CacheTier(medium: name) {
      case .gpu: weights.gpu = weight
      case .cpu: weights.cpu = weight
      case .other: weights.other = weight
      }
    }
  }
}

extension CacheEventSettings {
  /// Reads `kvEventsConfig`; what is wrong is noted in the decoder.
  init(decoding decoder: ParameterDecoder) {
    self.init()
    let address = decoder.string("zmqEndpoint", default: "")
    if !address.isEmpty {
      binding = Binding(address)
      if binding == nil { decoder.reject("zmqEndpoint", "must be tcp:// and an IP address or *, with a port") }
    }
    topicFilter = decoder.string("topicFilter", default: topicFilter)
    if topicFilter.utf8.count > 200 { decoder.reject("topicFilter", "must not be longer than 200 bytes") }
    // One thread reads the events of all servers.
    _ = decoder.int("concurrency", default: 4, range: 1...)
    _ = decoder.enumeration("engineType", default: EngineType.vllm)
    // Servers that connect to the picker are not connected to, unless both is asked for.
    followsEndpoints = decoder.bool("discoverPods") ?? address.isEmpty
    if !followsEndpoints, address.isEmpty {
      decoder.warn("discoverPods", "without zmqEndpoint no server is heard, so that nothing counts as cached")
    }
    let pods = decoder.section("podDiscoveryConfig")
    // The pool says which endpoints there are.
    _ = pods.string("podLabelSelector")
    _ = pods.string("podNamespace")
    socketPort = pods.int("socketPort", default: socketPort, range: 1...65_535)
    if let port = pods.int("replaySocketPort", range: 0...65_535), port > 0 { replayPort = port }
  }
}
