import EndpointPicker
import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// What stops the process before it opens a port, and what does not.
@Suite struct StartUpTests {
  @Test(arguments: Lineage.allCases)
  func builtInDefaultStartsWithoutWarnings(lineage: Lineage) {
    #expect(StartUp { $0.configuration = .builtIn(lineage) } == .ready(warnings: []))
  }

  @Test func optionsDefaultToThoseOfTheReference() {
    let options = ProcessOptions()
    #expect([options.grpcPort, options.healthPort, options.metricsPort] == [9_002, 9_003, 9_090])
    #expect(options.refreshMetricsInterval == .milliseconds(50))
    #expect(options.refreshPrometheusMetricsInterval == .seconds(5))
    #expect(options.metricsStalenessThreshold == .seconds(2))
    #expect(options.secureServing)
    #expect(options.certificateDirectory.isEmpty)
    #expect(!options.healthChecking)
    #expect(options.followsSubset)
  }

  @Test func allTypesOfTheBuiltInDefaultAreRegistered() {
    let types = Set(PluginRegistry.standard.knownTypes)
    #expect(
      types.isSuperset(of: [
        "queue-scorer", "kv-cache-utilization-scorer", "running-requests-size-scorer", "prefix-cache-scorer",
        "max-score-picker", "random-picker", "weighted-random-picker", "single-profile-handler",
        "approx-prefix-cache-producer", "utilization-detector", "header-based-testing-filter", "openai-parser",
        "passthrough-parser", "metrics-data-source", "core-metrics-extractor", "file-discovery",
      ]))
  }

  @Test func processWithoutASourceOfEndpointsIsRefused() {
    guard case .process(let text) = StartUp("", { $0.endpoints = nil }) else {
      Issue.record("started without a source of endpoints")
      return
    }
    #expect(text.contains("--endpoints"))
    #expect(text.contains("dataLayer.discovery"))
  }

  @Test func fileDiscoveryIsASourceOfEndpoints() {
    let body = """
      plugins: [{type: file-discovery, parameters: {path: /etc/endpoints.yaml}}]
      dataLayer: {discovery: {pluginRef: file-discovery}}
      """
    #expect(StartUp(body) { $0.endpoints = nil } == .ready(warnings: []))
  }

  /// Being listed is not enough: the data layer must refer to it.
  @Test func fileDiscoveryNobodyRefersToIsNoSource() {
    let startUp = StartUp("plugins: [{type: file-discovery, parameters: {path: /etc/endpoints.yaml}}]") {
      $0.endpoints = nil
    }
    guard case .process = startUp else {
      Issue.record("\(startUp)")
      return
    }
  }

  @Test func missingConfigurationFileIsNamed() {
    let line = StartUp { $0.configuration = .file(path: "/nonexistent/epp.yaml") }.onlyProblem
    #expect(line?.hasPrefix("/nonexistent/epp.yaml: ") == true)
  }

  @Test func unknownParametersAreErrorsWhenStrict() {
    let body = "plugins: [{type: queue-scorer, parameters: {depth: 4}}]"
    #expect(StartUp(body).onlyProblem == "--config-text:3: plugins[0].parameters.depth: unknown field")
    #expect(
      StartUp(body, lineage: .inferenceExtension)
        == .ready(warnings: ["configuration: --config-text:3: plugins[0].parameters.depth: unknown field, ignored"]))
    #expect(
      StartUp(body, lineage: .inferenceExtension) { $0.strictConfiguration = true }
        == .configuration(["--config-text:3: plugins[0].parameters.depth: unknown field"]))
  }

  @Test func pluginsOfUsersAreKnownOnceRegistered() {
    struct Favourite: EndpointScorer {
      func score(_ candidate: Candidate, _ cycle: SchedulingCycle) -> Double { 1 }
    }
    let body = "plugins: [{type: favourite-scorer}]"
    #expect(StartUp(body).onlyProblem?.contains("favourite-scorer") == true)
    var registry = PluginRegistry.standard
    registry.register(PluginRegistration(type: "favourite-scorer") { _ in Favourite() })
    #expect(StartUp(body, registry: registry) == .ready(warnings: []))
  }
}
