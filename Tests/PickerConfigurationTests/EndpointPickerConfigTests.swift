import PickerConfiguration
import Foundation
import Testing

@Suite struct EndpointPickerConfigTests {
  private func load(_ text: String) throws(ConfigurationError) -> EndpointPickerConfig {
    try EndpointPickerConfig.load(.text(text))
  }

  private func failures(_ text: String) -> [String] {
    problems { () throws(ConfigurationError) in _ = try load(text) }
  }

  @Test(arguments: Lineage.allCases)
  func builtInDefaultLoads(lineage: Lineage) throws {
    let config = try EndpointPickerConfig.load(.builtIn(lineage))
    #expect(config.lineage == lineage)
    #expect(config.warnings.isEmpty)
    #expect(config.plugins.count == 5)
    let members = try #require(config.schedulingProfiles.first).plugins
    #expect(members.map(\.plugin.name) == ["queue-scorer", "kv-cache-utilization-scorer", "prefix-cache-scorer"])
    #expect(members.map(\.weight) == [2, 2, 3])
    #expect(config.dataLayer?.sources.first?.extractors.map(\.name) == ["core-metrics-extractor"])
  }

  @Test func decodesEverySectionOfTheNewerFamily() throws {
    let config = try load(
      document(
        """
        featureGates: [flowControl, haPopulateNonLeaderDatastore=false]
        plugins:
        - {type: queue-scorer}
        - {name: prefix, type: prefix-cache-scorer, parameters: {weightless: [1, {a: b}]}}
        - {type: file-discovery, parameters: {path: /etc/endpoints.yaml}}
        - {type: round-robin-fairness-policy}
        - {name: busy, type: concurrency-detector}
        schedulingProfiles:
        - name: default
          plugins: [{pluginRef: queue-scorer, weight: 0.5}, {pluginRef: prefix}]
        requestHandler: {parsers: [{pluginRef: openai-parser}, {pluginRef: passthrough-parser}]}
        parser: {pluginRef: anthropic-parser}
        dataLayer:
          injectDefaults: false
          discovery: {pluginRef: file-discovery}
          crossReplicaSyncInterval: 5s
        saturationDetector: {pluginRef: utilization-detector}
        flowControl:
          maxBytes: 10Gi
          maxRequests: 5000
          defaultRequestTTL: 30s
          noEndpointRequestTTL: 1m
          enableEviction: true
          saturationDetector: {pluginRef: busy}
          defaultPriorityBand: {maxRequests: 10, fairnessPolicyRef: round-robin-fairness-policy}
          defaultNegativePriorityBand: {maxBytes: 1G}
          priorityBands:
          - {priority: 100, orderingPolicyRef: fcfs-ordering-policy}
          - {priority: -1}
          usageLimitPolicyPluginRef: static-usage-limit-policy
        """, lineage: .llmD))
    #expect(config.lineage == .llmD)
    #expect(config.featureGates.isEnabled(.flowControl))
    #expect(!config.featureGates.isEnabled(.haPopulateNonLeaderDatastore))
    #expect(
      config.plugins.map(\.name) == ["queue-scorer", "prefix", "file-discovery", "round-robin-fairness-policy", "busy"])
    #expect(config.plugin(named: "prefix")?.parameters?.entries?.first?.value.location.line == 6)
    #expect(config.schedulingProfiles.first?.plugins.map(\.weight) == [0.5, nil])
    #expect(config.parsers.map(\.name) == ["openai-parser", "passthrough-parser"])
    #expect(config.saturationDetector?.name == "busy")
    #expect(config.dataLayer?.injectDefaults == false)
    #expect(config.dataLayer?.discovery?.name == "file-discovery")
    #expect(config.dataLayer?.crossReplicaSyncInterval == .seconds(5))
    let flowControl = try #require(config.flowControl)
    #expect(flowControl.maxBytes?.value == 10 << 30)
    #expect(flowControl.maxRequests?.value == 5000)
    #expect(flowControl.defaultRequestTTL == .seconds(30))
    #expect(flowControl.noEndpointRequestTTL == .seconds(60))
    #expect(flowControl.enableEviction)
    #expect(flowControl.defaultPriorityBand?.fairnessPolicy?.name == "round-robin-fairness-policy")
    #expect(flowControl.defaultNegativePriorityBand?.maxBytes?.value == 1_000_000_000)
    #expect(flowControl.priorityBands.map(\.priority) == [100, -1])
    #expect(flowControl.usageLimitPolicy?.name == "static-usage-limit-policy")
    #expect(config.warnings.map(\.location.path) == ["saturationDetector", "parser"])
  }

  @Test func olderPlacesHoldWhenTheNewerOnesAreEmpty() throws {
    let config = try load(
      document("parser: {pluginRef: openai-parser}\nsaturationDetector: {pluginRef: utilization-detector}\n"))
    #expect(config.parsers.map(\.name) == ["openai-parser"])
    #expect(config.saturationDetector?.name == "utilization-detector")
    #expect(config.warnings.isEmpty)
    #expect(config.dataLayer == nil)
  }

  @Test func oldGroupIsToldWhatToWrite() {
    let found = failures("apiVersion: config.x-k8s.io/v1alpha1\nkind: EndpointPickerConfig\n")
    #expect(
      found == [
        "--config-text:1: apiVersion: unknown version \"config.x-k8s.io/v1alpha1\"; write "
          + "\"inference.networking.x-k8s.io/v1alpha1\" or \"llm-d.ai/v1alpha1\""
      ])
  }

  @Test(arguments: [
    ("plugns: []\n", "--config-text:3: plugns: unknown field; did you mean \"plugins\"?"),
    ("plugins: {}\n", "--config-text:3: plugins: expected a list, found a mapping"),
    ("plugins: [{typ: a}]\n", "--config-text:3: plugins[0].typ: unknown field; did you mean \"type\"?"),
    (
      "plugins: [{type: a, parameters: 5}]\n",
      "plugins[0].parameters: expected a mapping of parameters, found the integer 5"
    ),
    ("plugins: [{type: a, Parameters: {}}]\n", "plugins[0].Parameters: unknown field; did you mean \"parameters\"?"),
    ("plugins: [{name: a}]\n", "--config-text:3: plugins[0].type: required, but not set"),
    (
      "plugins:\n- type: a\n- type: a\n",
      "--config-text:5: plugins[1].name: there is a plugin named \"a\" already in line 4"
    ),
    ("schedulingProfiles: [{plugins: []}]\n", "schedulingProfiles[0].name: required, but not set"),
    ("schedulingProfiles: [{name: a}, {name: a}]\n", "there is a scheduling profile named \"a\" already"),
    ("schedulingProfiles: [{name: a, plugins: [{pluginRef: ''}]}]\n", "plugins[0].pluginRef: must not be empty"),
    ("schedulingProfiles: [{name: a, plugins: [{weight: 1}]}]\n", "plugins[0].pluginRef: required, but not set"),
    (
      "plugins: [{type: q, name: w}]\nschedulingProfiles: [{name: a, plugins: [{pluginRef: x, weight: heavy}]}]\n",
      "weight: expected a number, found the string \"heavy\""
    ),
    (
      "plugins: [{type: queue-scorer, name: q1}]\nschedulingProfiles: [{name: a, plugins: [{pluginRef: queue-scorer}]}]\n",
      "no plugin is named \"queue-scorer\"; that is the type of the plugin named \"q1\""
    ),
    (
      "plugins: [{type: queue-scorer}]\nschedulingProfiles: [{name: a, plugins: [{pluginRef: queue-scorr}]}]\n",
      "no plugin is named \"queue-scorr\"; did you mean \"queue-scorer\"?"
    ),
    ("saturationDetector: {pluginRef: concurrency-detector}\n", "saturationDetector.pluginRef: no plugin is named"),
    (
      "dataLayer: {sources: [{pluginRef: metrics-data-source}]}\n", "dataLayer.sources[0].pluginRef: no plugin is named"
    ),
    (
      "featureGates: [flowcontrol]\n",
      "featureGates[0]: feature gate 'flowcontrol' is unknown or unregistered; did you mean"
    ),
    ("featureGates: [flowControl=maybe]\n", "featureGates[0]: expected flowControl=true or flowControl=false"),
    ("flowControl: {maxBytes: -1}\n", "flowControl.maxBytes: must be at least 0, found -1"),
    (
      "flowControl: {priorityBands: [{priority: 1}, {priority: 1}]}\n",
      "priorityBands[1].priority: priority 1 has a band"
    ),
    (
      "featureGates: [flowControl]\nflowControl: {defaultPriorityBand: {fairnessPolicyRef: nobody}}\n",
      "flowControl.defaultPriorityBand.fairnessPolicyRef: no plugin is named \"nobody\""
    ),
  ])
  func namesTheFieldAtFault(body: String, message: String) {
    let found = failures(document(body))
    #expect(found.contains { $0.contains(message) }, "\(found)")
  }

  @Test func wrongFlowControlReferencesOnlyWarnWhileTheFeatureIsOff() throws {
    let config = try load(document("flowControl: {defaultPriorityBand: {fairnessPolicyRef: nobody}}\n"))
    #expect(config.warnings.map(\.location.path) == ["flowControl.defaultPriorityBand.fairnessPolicyRef"])
  }

  @Test func readsFilesAndNamesThoseItCanNot() throws {
    let path = NSTemporaryDirectory() + "epp-config-\(UUID().uuidString).yaml"
    try document("plugins: [{type: a}]\n").write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try EndpointPickerConfig.load(.file(path: path)).plugins.map(\.name) == ["a"])
    let found = problems { () throws(ConfigurationError) in _ = try EndpointPickerConfig.load(.file(path: path + "x")) }
    #expect(found == ["\(path)x: can't open the file: No such file or directory"])
  }

  @Test func effectiveDocumentLoadsAsTheSameConfiguration() throws {
    let config = try EndpointPickerConfig.load(.builtIn(.llmD))
    let text = config.effectiveDocument(parameters: [:]).yaml
    let again = try load(text)
    #expect(again.plugins.map(\.name) == config.plugins.map(\.name))
    #expect(
      again.schedulingProfiles.map { $0.plugins.map(\.weight) }
        == config.schedulingProfiles.map { $0.plugins.map(\.weight) })
    #expect(again.dataLayer?.sources.map(\.plugin.name) == config.dataLayer?.sources.map(\.plugin.name))
  }
}
