import Endpoints
import EndpointPicker
import PickerConfiguration
import Scheduling
import Testing

/// Configurations of the kinds in use load and pick as described, or fail naming what they need.
@Suite struct SampleConfigurationTests {
  @Test(arguments: SampleConfiguration.loadable)
  func loads(configuration: SampleConfiguration) throws {
    let check = try check(configuration.text)
    let wanted: [String] =
      switch configuration.description {
      case "integration test with adapters": ["\"enableLegacyMetrics\" has no effect: metrics come from the data layer"]
      case "deprecated block size", "precise prefix", "precise prefix, servers that connect":
        ["deprecated; use \"blockSizeTokens\""]
      case "precise prefix and cold requests":
        ["deprecated; use \"tokenProcessorConfig beside indexerConfig\"", "deprecated and ignored"]
      case "precise prefix in one plugin":
        [
          "deprecated; use \"blockSizeTokens\"",
          "the type \"precise-prefix-cache-scorer\" is deprecated; use \"precise-prefix-cache-producer and "
            + "prefix-cache-scorer\"",
        ]
      default: []
      }
    #expect(Set(check.warnings.map(\.message)) == Set(wanted))
  }

  @Test(arguments: SampleConfiguration.loadable)
  func effectiveConfigurationLoadsAsTheSame(configuration: SampleConfiguration) throws {
    let once = try check(configuration.text).effectiveConfiguration
    #expect(try check(once).effectiveConfiguration == once)
  }

  @Test(arguments: SampleConfiguration.unloadable)
  func namesWhatIsMissing(configuration: SampleConfiguration, names: [String]) {
    let error = #expect(throws: ConfigurationError.self) { try check(configuration.text) }
    for name in names {
      #expect(error?.problems.contains { $0.message.contains(name) } == true, "\(String(describing: error))")
    }
    #expect(error?.problems.allSatisfy { $0.location.line != nil } == true, "\(String(describing: error))")
  }

  /// Nothing reads the section while the feature is off, so what it refers to need not exist.
  @Test func flowControlThatIsOffIsPassedOver() throws {
    let check = try check(
      SampleConfiguration(
        "", .llmD,
        """
        plugins: [{type: queue-scorer}]
        flowControl: {defaultPriorityBand: {fairnessPolicyRef: round-robin-fairness-policy}, enableEviction: true}
        """
      ).text)
    #expect(check.warnings.map(\.location.path) == ["flowControl.defaultPriorityBand.fairnessPolicyRef"])
  }

  /// What is not said comes from the family of the document.
  @Test(
    arguments: [
      (Lineage.llmD, "1m0s", "5000"), (.inferenceExtension, "0s", nil),
    ] as [(Lineage, String, String?)])
  func flowControlHasTheDefaultsOfItsFamily(lineage: Lineage, timeToLive: String, requests: String?) throws {
    let text = try check(
      SampleConfiguration("", lineage, "featureGates: [flowControl]\nplugins: [{type: queue-scorer}]").text
    ).effectiveConfiguration
    #expect(text.contains("defaultRequestTTL: \(timeToLive)\n"), "\(text)")
    #expect(text.contains("noEndpointRequestTTL: 1m0s\n"), "\(text)")
    #expect(text.contains("maxRequests") == (requests != nil))
    for name in ["fcfs-ordering-policy", "global-strict-fairness-policy", "static-usage-limit-policy"] {
      #expect(text.contains("- name: \(name)\n"), "\(text)")
    }
  }

  @Test(arguments: [
    ("flowControl: {enableEviction: true}", "flowControl.enableEviction: revoking requests in flight is not built yet"),
    ("flowControl: {usageLimitPolicyPluginRef: queue-scorer}", "\"queue-scorer\" is not a usage limit policy"),
    (
      "flowControl: {priorityBands: [{priority: 1, orderingPolicyRef: queue-scorer}]}",
      "flowControl.priorityBands[0].orderingPolicyRef: \"queue-scorer\" is not an ordering policy"
    ),
    (
      "flowControl: {defaultPriorityBand: {fairnessPolicyRef: queue-scorer}}",
      "flowControl.defaultPriorityBand.fairnessPolicyRef: \"queue-scorer\" is not a fairness policy"
    ),
  ])
  func wrongPoliciesAreNamed(section: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try check(
        SampleConfiguration("", .llmD, "featureGates: [flowControl]\nplugins: [{type: queue-scorer}]\n\(section)").text)
    }
    #expect(
      error?.problems.contains { $0.description.contains(problem) } == true, "\(String(describing: error?.problems))")
  }

  @Test(arguments: PluginRegistry.standard.all.map(\.type))
  func effectiveParametersOfEveryTypeAreAccepted(type: String) throws {
    // Types that do not load without parameters of their own, or without certain profiles, have tests elsewhere.
    guard let once = try? check(SampleConfiguration("", .llmD, "plugins: [{type: \(type)}]").text) else { return }
    let text = once.effectiveConfiguration
    #expect(try check(text).effectiveConfiguration == text)
  }

  private func check(_ text: String) throws(ConfigurationError) -> ConfigurationCheck {
    var options = ProcessOptions()
    options.configuration = .text(text)
    options.allowsExperimentalPlugins = true
    return try ConfigurationCheck(options)
  }

  // MARK: Picks

  /// Picks for one request with a configuration.
  private func pick(
    _ name: String, queue: [Double] = [0, 0, 0], kv: [Double] = [0, 0, 0],
    labels: [[String: String]] = [[:], [:], [:]],
    request: SchedulingRequest = SchedulingRequest()
  ) throws -> SchedulingCycle {
    let configuration = try #require(SampleConfiguration.loadable.first { $0.description == name })
    let table = EndpointTable()
    table.replaceAll(
      with: labels.enumerated().map { number, labels in
        EndpointDescriptor(
          id: EndpointID(name: "pod-\(number + 1)"),
          address: EndpointAddress(host: "10.0.0.\(number + 1)", port: 8_000), labels: labels)
      })
    for endpoint in table.snapshot().endpoints {
      table.store(queue[endpoint.slot], in: .waitingQueueSize, slot: endpoint.slot)
      table.store(kv[endpoint.slot], in: .kvCacheUsage, slot: endpoint.slot)
    }
    let plugins = try PluginLoader.load(
      try EndpointPickerConfig.load(.text(configuration.text)), registry: .standard, endpoints: table)
    let cycle = SchedulingCycle(table: table, seed: 1)
    cycle.begin(request, now: 1)
    cycle.trace = DecisionTrace()
    let primary = try plugins.scheduler.schedule(cycle)
    plugins.scheduler.requestPlaced(cycle, primary: primary)
    return cycle
  }

  private func destination(_ cycle: SchedulingCycle) -> String? {
    cycle.primaryProfile.flatMap { cycle.results[$0].endpoints.first?.id.name }
  }

  @Test(arguments: ["chart of the older family", "chart of the newer family"])
  func chartsWeighQueueAndCache(name: String) throws {
    // Queue scores 1, 0.5, 0 and cache scores 0.5, 0.9, 0.1 count twice; nothing is known of prefixes.
    let cycle = try pick(name, queue: [0, 5, 10], kv: [0.5, 0.1, 0.9])
    let totals = try #require(cycle.trace?.profiles.first?.totals)
    for (total, expected) in zip(totals, [3, 2.8, 0.2]) { #expect(abs(total - expected) < 1e-12) }
    #expect(destination(cycle) == "pod-1")
  }

  @Test(arguments: ["latency prediction, older family", "latency prediction, newer family"])
  func withoutPredictionsLoadCounts(name: String) throws {
    // Free caches 0.4, 0.9, 0 and queues 1, 0.5, 0, each a third, rounded to hundredths.
    let cycle = try pick(name, queue: [0, 5, 10], kv: [0.6, 0.1, 1])
    let totals = try #require(cycle.trace?.profiles.first?.totals)
    for (total, expected) in zip(totals, [0.47, 0.47, 0]) { #expect(abs(total - expected) < 1e-12) }
    #expect(destination(cycle) != "pod-3")
  }

  @Test func conformanceFollowsTheHeader() throws {
    var request = SchedulingRequest()
    let headers = OneHeader("test-epp-endpoint-selection", "10.0.0.3:8000")
    request.headers = headers
    #expect(destination(try pick("conformance", request: request)) == "pod-3")
    #expect(throws: SchedulingError.self) { try pick("conformance") }
  }

  @Test(arguments: ["decode and prefix", "estimated prefix"])
  func prefillServersDoNotDecode(name: String) throws {
    let labels = [["llm-d.ai/role": "prefill"], ["llm-d.ai/role": "prefill"], ["llm-d.ai/role": "decode"]]
    #expect(destination(try pick(name, labels: labels)) == "pod-3")
  }

  @Test func estimatedPrefixPrefersShortQueues() throws {
    #expect(destination(try pick("estimated prefix", queue: [64, 0, 128])) == "pod-2")
  }

  @Test func optimizedBaselineSpreadsPromptsNobodyKnows() throws {
    // All are cold and unused: 1, 0.5 and 0 in candidate order, at weight 2, beside equal queues and caches.
    let cycle = try pick("optimized baseline")
    #expect(cycle.trace?.profiles.first?.totals == [6, 5, 4])
    #expect(destination(cycle) == "pod-1")
  }

  @Test func dataParallelRanksAreReachedThroughThePrimaryPort() throws {
    let cycle = try pick("data parallel", labels: [["llm-d.ai/role": "decode"]])
    #expect(cycle.forwarding.destinationPort == 8_000)
    #expect(
      cycle.forwarding.requestHeaders.contains { $0.name == "x-data-parallel-host-port" && $0.value == "10.0.0.1:8000" }
    )
  }

  @Test(arguments: ["prefill and decode", "encode, prefill and decode", "stages by label"])
  func requestsWithoutAPromptAreNotDisaggregated(name: String) throws {
    let labels = [
      ["llm-d.ai/role": "prefill", "stage": "prefill"], ["llm-d.ai/role": "decode", "stage": "decode"],
      ["llm-d.ai/role": "decode", "stage": "both"],
    ]
    let cycle = try pick(name, queue: [0, 9, 1], labels: labels)
    #expect(destination(cycle) == "pod-3")
    #expect(cycle.trace?.profiles.map(\.name) == ["decode"])
  }

  @Test func randomOnlyPicksEveryEndpoint() throws {
    let configuration = try #require(SampleConfiguration.loadable.first { $0.description == "random only" })
    let table = EndpointTable()
    table.replaceAll(
      with: (1...3).map { number in
        EndpointDescriptor(
          id: EndpointID(name: "\(number)"), address: EndpointAddress(host: "10.0.0.\(number)", port: 80))
      })
    let plugins = try PluginLoader.load(
      try EndpointPickerConfig.load(.text(configuration.text)), registry: .standard, endpoints: table)
    let cycle = SchedulingCycle(table: table, seed: 5)
    var names: Set<String> = []
    for _ in 0..<100 {
      cycle.begin(SchedulingRequest(), now: 0)
      let primary = try plugins.scheduler.schedule(cycle)
      if let endpoint = cycle.results[primary].endpoints.first { names.insert(endpoint.id.name) }
    }
    #expect(names.count == 3)
  }
}

/// Request headers of which there is one.
private final class OneHeader: RequestHeaders {
  private let name: String
  private let bytes: UnsafeMutableRawBufferPointer

  init(_ name: String, _ value: String) {
    self.name = name
    bytes = .allocate(byteCount: value.utf8.count, alignment: 1)
    bytes.copyBytes(from: value.utf8)
  }

  deinit { bytes.deallocate() }

  func value(of name: String) -> UnsafeRawBufferPointer? {
    name == self.name ? UnsafeRawBufferPointer(bytes) : nil
  }
}
