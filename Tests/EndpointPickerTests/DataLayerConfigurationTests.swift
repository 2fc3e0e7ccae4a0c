import EndpointPicker
import PickerConfiguration
import Testing

/// The `dataLayer` section and its plugins: what is accepted, and what an error names.
@Suite struct DataLayerConfigurationTests {
  @Test(arguments: Lineage.allCases)
  func sectionsOfUsefulShapesAreAccepted(lineage: Lineage) {
    let bodies = [
      "dataLayer: {}",
      "dataLayer: {sources: []}",
      "plugins: [{type: metrics-data-source}]\ndataLayer: {sources: [{pluginRef: metrics-data-source}]}",
      """
      plugins:
      - {name: pages, type: metrics-data-source, parameters: {scheme: http, path: /m, port: 9000, interval: 1s}}
      - name: engines
        type: core-metrics-extractor
        parameters:
          defaultEngine: mine
          engineConfigs: [{name: mine, queuedRequestsSpec: 'waiting{kind="all"}', runningRequestsSpec: running}]
          customMetrics: [{attributeKey: heat, metricSpec: gpu_heat}]
      dataLayer: {sources: [{pluginRef: pages, extractors: [{pluginRef: engines}]}]}
      """,
    ]
    for body in bodies { #expect(StartUp(body, lineage: lineage) == .ready(warnings: []), "\(body)") }
  }

  @Test(arguments: [
    (
      "dataLayer: {sources: [{pluginRef: q}]}",
      "dataLayer.sources[0].pluginRef: \"q\" is not a data source"
    ),
    (
      "dataLayer: {sources: [{pluginRef: pages, extractors: [{pluginRef: pages}]}]}",
      "dataLayer.sources[0].extractors[0].pluginRef: \"pages\" is not an extractor of metrics pages"
    ),
    (
      "dataLayer: {discovery: {pluginRef: pages}}",
      "dataLayer.discovery.pluginRef: \"pages\" is not a source of endpoints"
    ),
    (
      "dataLayer: {discovery: {pluginRef: nowhere}}",
      "dataLayer.discovery.pluginRef: no plugin is named \"nowhere\""
    ),
  ])
  func pluginInAPlaceItDoesNotSuitIsNamed(section: String, expected: String) {
    let plugins = "plugins: [{name: q, type: queue-scorer}, {name: pages, type: metrics-data-source}]\n"
    #expect(StartUp(plugins + section).onlyProblem == "--config-text:4: " + expected)
  }

  @Test(arguments: [
    ("idleInterval: 150ms", "", nil),
    ("interval: 100ms, idleInterval: 99ms", "", "idleInterval must be at least the interval"),
    ("idleInterval: 49ms", "", "idleInterval must be at least the interval"),
    ("idleInterval: 1s", "", "shorter than metricsStalenessThreshold of \"utilization-detector\" (0.2 s)"),
    ("idleInterval: 1s", ", {type: utilization-detector, parameters: {metricsStalenessThreshold: 3s}}", nil),
  ])
  func idleEndpointsMustNotLookSaturated(parameters: String, more: String, problem: String?) {
    let start = StartUp(
      """
      plugins: [{type: metrics-data-source, parameters: {\(parameters)}}\(more)]
      dataLayer: {sources: [{pluginRef: metrics-data-source}]}
      """)
    if let problem {
      #expect(start.onlyProblem?.contains(problem) == true, "\(start)")
    } else {
      #expect(start == .ready(warnings: []))
    }
  }

  @Test(arguments: [
    ("metrics-data-source", "scheme: ftp", "scheme"),
    ("metrics-data-source", "scheme: https, caCertPath: /nonexistent.pem", "caCertPath"),
    ("metrics-data-source", "clientCertPath: /a.pem", "clientKeyPath"),
    ("metrics-data-source", "path: 'a b'", "path"),
    ("models-data-source", "port: 0", "port"),
    ("metrics-data-source", "port: 70000", "port"),
    ("metrics-data-source", "interval: often", "interval"),
    ("core-metrics-extractor", "defaultEngine: steam", "defaultEngine"),
    ("core-metrics-extractor", "engineConfigs: [{queuedRequestsSpec: a}]", "engineConfigs[0].name"),
    ("core-metrics-extractor", "engineConfigs: [{name: default}]", "engineConfigs[0].name"),
    ("core-metrics-extractor", "engineConfigs: [{name: a}, {name: a}]", "engineConfigs[1].name"),
    ("core-metrics-extractor", "engineConfigs: [{name: a, kvUsageSpec: 'x{y'}]", "engineConfigs[0].kvUsageSpec"),
    ("core-metrics-extractor", "customMetrics: [{attributeKey: a, metricSpec: '{'}]", "customMetrics[0].metricSpec"),
    ("file-discovery", "watchFile: true", "path"),
    ("file-discovery", "path: ''", "path"),
  ])
  func parameterThatCannotBeUsedIsNamed(type: String, parameters: String, field: String) {
    let line = StartUp("plugins:\n- {type: \(type), parameters: {\(parameters)}}").onlyProblem
    #expect(
      line?.hasPrefix("--config-text:4: plugins[0].parameters.\(field): ") == true, "\(line ?? "none or several")")
  }
}

extension DataLayerConfigurationTests {
  @Test func onlyOneSourceReadsMetrics() {
    let body = """
      plugins: [{name: a, type: metrics-data-source}, {name: b, type: metrics-data-source}]
      dataLayer: {sources: [{pluginRef: a}, {pluginRef: b}]}
      """
    #expect(
      StartUp(body).onlyProblem
        == "--config-text:4: dataLayer.sources[1].pluginRef: only one metrics-data-source can be used")
  }

  @Test func modelListsGoToTheirExtractor() {
    let plugins =
      "plugins: [{type: models-data-source}, {type: models-data-extractor}, {type: core-metrics-extractor}]\n"
    func startUp(_ extractor: String) -> StartUp {
      StartUp(
        plugins
          + "dataLayer: {sources: [{pluginRef: models-data-source, extractors: [{pluginRef: \(extractor)}]}]}")
    }
    #expect(startUp("models-data-extractor") == .ready(warnings: []))
    #expect(startUp("core-metrics-extractor").onlyProblem?.hasSuffix("is not an extractor of model lists") == true)
  }

  /// In the newer API version metrics are read beside whatever else is configured; in the older one a section says all.
  @Test func metricsAreAddedToExplicitSectionsOfTheNewerVersion() throws {
    func sources(_ lineage: Lineage, _ more: String = "") throws -> [String] {
      var options = ProcessOptions()
      options.configuration = .text(
        """
        apiVersion: \(lineage.apiVersion)
        kind: EndpointPickerConfig
        plugins: [{type: models-data-source}, {type: models-data-extractor}]
        dataLayer:
          sources: [{pluginRef: models-data-source, extractors: [{pluginRef: models-data-extractor}]}]
        \(more)
        """)
      let text = try ConfigurationCheck(options).effectiveConfiguration
      let effective = try EndpointPickerConfig.load(.text(text))
      return effective.dataLayer?.sources.map(\.plugin.name) ?? []
    }
    #expect(try sources(.llmD) == ["metrics-data-source", "models-data-source"])
    #expect(try sources(.llmD, "  injectDefaults: false") == ["models-data-source"])
    #expect(try sources(.inferenceExtension) == ["models-data-source"])
  }
}
