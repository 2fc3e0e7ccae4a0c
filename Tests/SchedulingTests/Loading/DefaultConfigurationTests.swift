import Endpoints
import InferenceAPI
import PickerConfiguration
import Scheduling
import Testing

/// What the built-in default and shorter documents turn into (EndpointPickerConfig, system defaults).
@Suite struct DefaultConfigurationTests {
  @Test(arguments: Lineage.allCases)
  func builtInDefault(lineage: Lineage) throws {
    let loaded = try loadDefault(lineage)
    let scheduler = loaded.scheduler
    #expect(scheduler.profiles.map(\.name) == ["default"])
    let profile = try #require(scheduler.profiles.first)
    #expect(profile.filters.isEmpty)
    #expect(profile.scorers.map(\.name) == ["queue-scorer", "kv-cache-utilization-scorer", "prefix-cache-scorer"])
    #expect(profile.scorers.map(\.weight) == [2, 2, 3])
    #expect(profile.scorers[0].scorer is QueueScorer)
    #expect(profile.scorers[1].scorer is KVCacheUtilizationScorer)
    #expect(profile.scorers[2].scorer is PrefixCacheScorer)
    #expect(profile.picker is MaxScorePicker)
    #expect(scheduler.handler is SingleProfileHandler)
    // The older API version has no plugin for what parsers do in both.
    #expect(scheduler.producers.count == (lineage == .llmD ? 2 : 1))
    #expect(scheduler.producers.last is ApproximatePrefixCacheProducer)
    #expect(loaded.readsPrompts)
    #expect(loaded.instance(named: "approx-prefix-cache-producer")?.plugin is ApproximatePrefixCacheProducer)
    #expect(loaded.saturationDetector is UtilizationDetector)
    #expect(loaded.parsers.first?.name == "openai-parser")
    #expect(loaded.warnings.isEmpty)
    #expect(try TestPool(4).picks(by: scheduler, count: 1) == 1)
  }

  @Test func newerVersionReadsRequestsOfUnknownPathsToo() throws {
    #expect(
      try loadDefault(.llmD).parsers.map(\.name)
        == ["openai-parser", "anthropic-parser", "vllmhttp-parser", "passthrough-parser"])
  }

  @Test func instancesAreThoseConfiguredThenThoseAdded() throws {
    let loaded = try load("plugins:\n- {name: q, type: queue-scorer}\n- type: random-picker")
    #expect(loaded.instances.prefix(2).map(\.name) == ["q", "random-picker"])
    #expect(loaded.instances.prefix(2).map(\.type) == ["queue-scorer", "random-picker"])
    #expect(Set(loaded.instances.map(\.name)).count == loaded.instances.count)
  }

  @Test func scorerWithoutWeightCountsOne() throws {
    let loaded = try load(
      """
      plugins:
      - type: queue-scorer
      - {name: kv, type: kv-cache-utilization-scorer}
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: queue-scorer}, {pluginRef: kv, weight: 0.5}]
      """)
    #expect(loaded.scheduler.profiles[0].scorers.map(\.weight) == [1, 0.5])
  }

  @Test func documentWithoutProfilesGetsOneWithAllItsPlugins() throws {
    let loaded = try load(
      """
      plugins:
      - type: header-based-testing-filter
      - type: queue-scorer
      - type: running-requests-size-scorer
      - type: weighted-random-picker
      """)
    let profile = try #require(loaded.scheduler.profiles.first)
    #expect(profile.name == "default")
    #expect(profile.filters.map(\.name) == ["header-based-testing-filter"])
    #expect(profile.scorers.map(\.name) == ["queue-scorer", "running-requests-size-scorer"])
    #expect(profile.scorers.map(\.weight) == [1, 1])
    #expect(profile.picker is WeightedRandomPicker)
  }

  @Test func emptyDocumentPicksAtRandom() throws {
    let loaded = try load("")
    #expect(loaded.scheduler.profiles.map(\.name) == ["default"])
    #expect(loaded.scheduler.profiles[0].scorers.isEmpty)
    #expect(loaded.scheduler.profiles[0].picker is MaxScorePicker)
    #expect(loaded.scheduler.producers.isEmpty)
    #expect(try TestPool(4).picks(by: loaded.scheduler, count: 200) == 4)
  }

  @Test func profilesWithoutPickerShareAConfiguredOne() throws {
    let loaded = try load(
      """
      plugins:
      - type: queue-scorer
      - type: random-picker
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: queue-scorer}]
      """)
    #expect(loaded.scheduler.profiles[0].picker is RandomPicker)
  }

  @Test func profileKeepsItsOwnPicker() throws {
    let loaded = try load(
      """
      plugins:
      - type: random-picker
      - type: max-score-picker
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: max-score-picker}]
      """)
    #expect(loaded.scheduler.profiles[0].picker is MaxScorePicker)
  }

  @Test func filtersRunInTheOrderOfTheProfile() throws {
    let loaded = try load(
      """
      plugins:
      - {name: b, type: header-based-testing-filter}
      - {name: a, type: utilization-detector}
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: a}, {pluginRef: b}]
      """)
    #expect(loaded.scheduler.profiles[0].filters.map(\.name) == ["a", "b"])
  }

  @Test func pluginOfNoUseInAProfileIsAllowedThere() throws {
    let loaded = try load(
      """
      plugins:
      - type: queue-scorer
      - type: approx-prefix-cache-producer
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: approx-prefix-cache-producer}, {pluginRef: queue-scorer}]
      """)
    #expect(loaded.scheduler.profiles[0].scorers.map(\.name) == ["queue-scorer"])
    #expect(loaded.scheduler.producers.contains { $0 is ApproximatePrefixCacheProducer })
  }

  @Test(arguments: [("maxNumOfEndpoints: 3", 3), ("maxNumOfEndpoints: 0", 1), ("maxnumofendpoints: 2", 2), ("", 1)])
  func pickersTakeTheNumberOfEndpoints(parameters: String, expected: Int) throws {
    for type in ["max-score-picker", "random-picker", "weighted-random-picker"] {
      let loaded = try load("plugins:\n- {type: \(type), parameters: {\(parameters)}}")
      #expect(try TestPool(5).pick(by: loaded.scheduler).count == expected, "\(type)")
    }
  }

  @Test(arguments: [
    "saturationDetector: {pluginRef: mine}", "flowControl: {saturationDetector: {pluginRef: mine}}",
  ])
  func saturationDetectorIsTheOneReferredTo(section: String) throws {
    let loaded = try load(
      """
      plugins:
      - {name: mine, type: utilization-detector, parameters: {queueDepthThreshold: 10, metricsStalenessThreshold: 1m}}
      - type: queue-scorer
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: queue-scorer}]
      \(section)
      """)
    let pool = TestPool(1)
    pool.store(.waitingQueueSize, [5])
    pool.store(.updatedAt, [100], now: 130)
    #expect(loaded.saturationDetector.saturation(pool.cycle) == 0.5)
    #expect(loaded.scheduler.profiles[0].filters.isEmpty)
  }

  @Test(arguments: [
    "parser: {pluginRef: passthrough-parser}",
    "requestHandler: {parsers: [{pluginRef: passthrough-parser}]}",
    "plugins: [{name: raw, type: passthrough-parser}]\nrequestHandler: {parsers: [{pluginRef: raw}]}",
  ])
  func parsersAreThoseReferredTo(section: String) throws {
    #expect(try load(section).parsers.map(\.name) == ["passthrough-parser"])
  }
}

extension TestPool {
  /// How many different endpoints `count` requests go to.
  fileprivate func picks(by scheduler: Scheduler, count: Int) throws -> Int {
    var names: Set<String> = []
    for _ in 0..<count { names.formUnion(try pick(by: scheduler)) }
    return names.count
  }
}
