import Endpoints
import PickerConfiguration
import PrefixCache
import Scheduling
import Testing

/// Parameters of `approx-prefix-cache-producer`, seen by how many blocks of a prompt it remembers.
@Suite struct PrefixProducerTests {
  private static let producer = "approx-prefix-cache-producer"
  /// "user" and this are 1,024 bytes, 256 tokens.
  private static let prompt = String(repeating: "abcd", count: 255)

  private let requests = Requests()

  /// Blocks remembered after one request with the prompt, under a configuration with these plugins.
  private func blocks(
    _ plugins: String, lineage: Lineage = .llmD, producer: String = PrefixProducerTests.producer,
    prepare: (TestPool) -> Void = { _ in }
  ) throws -> Int {
    let services = PluginServices()
    let pool = TestPool(1)
    let loaded = try load("plugins:\n\(plugins)", lineage: lineage, endpoints: pool.table, services: services)
    prepare(pool)
    try pool.place(try requests.chat(Self.prompt), by: loaded.scheduler)
    return services.prefixIndex(named: producer) { PrefixIndex() }.entryCount
  }

  private func blocks(parameters: String, prepare: (TestPool) -> Void = { _ in }) throws -> Int {
    try blocks(
      "- type: prefix-cache-scorer\n- {type: \(Self.producer), parameters: {\(parameters)}}", prepare: prepare)
  }

  @Test func blocksHave64TokensAtLeast() throws {
    #expect(try blocks("- type: prefix-cache-scorer") == 4)
    #expect(try blocks(parameters: "blockSizeTokens: 16, autoTune: false") == 4)
    #expect(try blocks(parameters: "blockSizeTokens: 128") == 2)
    // The last block is shorter.
    #expect(try blocks(parameters: "blockSizeTokens: 100") == 3)
  }

  @Test func blockSizeFollowsTheServersUnlessSwitchedOff() throws {
    let tellBlockSize: (TestPool) -> Void = { $0.store(.cacheBlockSize, [128]) }
    #expect(try blocks(parameters: "", prepare: tellBlockSize) == 2)
    #expect(try blocks(parameters: "blockSizeTokens: 256", prepare: tellBlockSize) == 2)
    #expect(try blocks(parameters: "autoTune: false", prepare: tellBlockSize) == 4)
  }

  @Test func prefixIsLimitedInTokensOrBlocks() throws {
    #expect(try blocks(parameters: "maxPrefixTokensToMatch: 200") == 3)
    // The limit in blocks counts only without one in tokens.
    #expect(try blocks(parameters: "maxPrefixTokensToMatch: 0, maxPrefixBlocksToMatch: 2") == 2)
    #expect(try blocks(parameters: "maxPrefixTokensToMatch: 0, maxPrefixBlocksToMatch: 0") == 4)
    #expect(try blocks(parameters: "maxPrefixBlocksToMatch: 2") == 4)
  }

  @Test func memoryIsLimitedByConfigurationOrServer() throws {
    #expect(try blocks(parameters: "lruCapacityPerServer: 3") == 3)
    #expect(try blocks(parameters: "lruCapacityPerServer: 3") { $0.store(.cacheBlockCount, [2]) } == 2)
    // Four of the server's blocks make one of the index.
    let small: (TestPool) -> Void = { pool in
      pool.store(.cacheBlockSize, [16])
      pool.store(.cacheBlockCount, [9])
    }
    #expect(try blocks(parameters: "lruCapacityPerServer: 3", prepare: small) == 2)
    #expect(
      try blocks(parameters: "lruCapacityPerServer: 3, autoTune: false") { $0.store(.cacheBlockCount, [2]) } == 3)
  }

  @Test func deprecatedBlockSizeStillCounts() throws {
    let loaded = try load("plugins:\n- {type: \(Self.producer), parameters: {blockSize: 128}}")
    #expect(loaded.warnings.map(\.description).contains { $0.contains("blockSize") && $0.contains("deprecated") })
    #expect(try blocks(parameters: "blockSize: 128") == 2)
    #expect(try blocks(parameters: "blockSize: 128, blockSizeTokens: 256") == 1)
  }

  @Test func olderVersionTakesTheParametersFromTheScorer() throws {
    func blocks(_ parameters: String) throws -> Int {
      try self.blocks(
        "- {type: prefix-cache-scorer, parameters: {\(parameters)}}", lineage: .inferenceExtension)
    }
    #expect(try blocks("") == 4)
    #expect(try blocks("blockSizeTokens: 128") == 2)
    #expect(try blocks("lruCapacityPerServer: 1") == 1)
    #expect(try blocks("maxPrefixTokensToMatch: 64") == 1)
  }

  @Test func olderVersionPrefersTheProducersOwnParameters() throws {
    let plugins = """
      - {type: prefix-cache-scorer, parameters: {blockSizeTokens: 128}}
      - {type: \(Self.producer), parameters: {blockSizeTokens: 256}}
      """
    #expect(try blocks(plugins, lineage: .inferenceExtension) == 1)
  }

  /// The older version limits the prefix in blocks unless a limit in tokens is given.
  @Test func olderVersionLimitsThePrefixInBlocks() throws {
    let plugins = "- {type: prefix-cache-scorer, parameters: {maxPrefixBlocksToMatch: 2}}"
    let count = try blocks(plugins, lineage: .inferenceExtension)
    #expect(count == 2)
  }

  @Test func scorerFindsTheProducerItNames() throws {
    let plugins = """
      - {type: prefix-cache-scorer, parameters: {prefixMatchInfoProducerName: mine}}
      - {name: mine, type: \(Self.producer), parameters: {blockSizeTokens: 128}}
      """
    #expect(try blocks(plugins, producer: "mine") == 2)
    #expect(try repeatedPromptScore(plugins, .llmD) == 1)
  }

  /// A scorer that names no producer must not end up without one because the only one has a name of its own.
  @Test(arguments: Lineage.allCases)
  func scorerThatNamesNoProducerStillHasOne(lineage: Lineage) throws {
    let plugins = "- type: prefix-cache-scorer\n- {name: mine, type: \(Self.producer)}"
    let score = try repeatedPromptScore(plugins, lineage)
    #expect(score == 1)
  }

  private func repeatedPromptScore(_ plugins: String, _ lineage: Lineage) throws -> Double {
    let loaded = try load("plugins:\n\(plugins)", lineage: lineage)
    let pool = TestPool(1)
    let request = try requests.chat(Self.prompt)
    try pool.place(request, by: loaded.scheduler)
    pool.cycle.begin(request, now: 0)
    pool.cycle.trace = DecisionTrace()
    _ = try loaded.scheduler.schedule(pool.cycle)
    let scorer = pool.cycle.trace?.profiles.first?.scorers.first { $0.name == "prefix-cache-scorer" }
    return try #require(scorer).scores[0]
  }
}
