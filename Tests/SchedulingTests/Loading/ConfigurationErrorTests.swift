import PickerConfiguration
import Scheduling
import Testing

/// What is said about documents that cannot be used (EndpointPickerConfig, validation). Lines count from `apiVersion`.
@Suite struct ConfigurationErrorTests {
  @Test func unknownTypeIsNamedWithASuggestion() {
    #expect(
      problems("plugins:\n- type: queue-scorer\n- type: kv-cache-utilisation-scorer") == [
        "--config-text:5: plugins[1].type: there is no plugin type \"kv-cache-utilisation-scorer\""
          + "; did you mean \"kv-cache-utilization-scorer\"?"
      ])
    #expect(
      problems("plugins: [{type: entirely-else}]") == [
        "--config-text:3: plugins[0].type: there is no plugin type \"entirely-else\""
      ])
  }

  @Test func allUnknownTypesAreNamedAtOnce() {
    #expect(problems("plugins:\n- type: abc\n- type: queue-scorer\n- type: def").count == 2)
  }

  @Test func undefinedReferenceIsNamedWithPathAndLine() {
    let body = """
      plugins:
      - type: queue-scorer
      schedulingProfiles:
      - name: default
        plugins:
        - pluginRef: queue-scorer
        - pluginRef: queue-scorre
      """
    #expect(
      problems(body) == [
        "--config-text:9: schedulingProfiles[0].plugins[1].pluginRef: no plugin is named \"queue-scorre\""
          + "; did you mean \"queue-scorer\"?"
      ])
  }

  @Test func referencesGoByNameAndNotByType() {
    let body = """
      plugins:
      - {name: q, type: queue-scorer}
      schedulingProfiles:
      - name: default
        plugins: [{pluginRef: queue-scorer}]
      """
    let lines = problems(body)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("\"queue-scorer\"") == true)
    #expect(lines.first?.contains("named \"q\"") == true)
  }

  @Test func profileHasOnePicker() {
    let body = """
      plugins:
      - type: random-picker
      - type: max-score-picker
      schedulingProfiles:
      - name: busy
        plugins: [{pluginRef: random-picker}, {pluginRef: max-score-picker}]
      """
    #expect(problems(body) == ["--config-text:7: schedulingProfiles[0]: profile \"busy\" has two pickers"])
  }

  @Test func documentHasOneProfileHandler() {
    let lines = problems("plugins:\n- type: single-profile-handler\n- {name: other, type: single-profile-handler}")
    #expect(lines == ["--config-text: plugins: only one profile handler is allowed, not single-profile-handler, other"])
  }

  @Test func severalProfilesNeedAHandler() {
    let profiles = "schedulingProfiles:\n- name: prefill\n- name: decode"
    #expect(
      problems(profiles) == ["--config-text: schedulingProfiles: no profile handler configured for 2 profiles"])
    let lines = problems("plugins: [{type: single-profile-handler}]\n" + profiles)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("single-profile-handler needs exactly one scheduling profile, not 2") == true)
  }

  @Test func severalProfilesWorkWithAHandlerOfTheirOwn() throws {
    var registry = PluginRegistry.withDataLayer
    registry.register(
      PluginRegistration(type: "decode-only-handler") { _ in ScriptedHandler(order: [1], primary: 1) })
    let loaded = try load(
      "plugins: [{type: decode-only-handler}]\nschedulingProfiles:\n- name: prefill\n- name: decode",
      registry: registry)
    #expect(loaded.scheduler.profiles.map(\.name) == ["prefill", "decode"])
    #expect(try TestPool(2).pick(by: loaded.scheduler).count == 1)
  }

  @Test(arguments: [
    ("saturationDetector: {pluginRef: q}", "saturationDetector.pluginRef", "saturation detector"),
    ("flowControl: {saturationDetector: {pluginRef: q}}", "flowControl.saturationDetector", "saturation detector"),
    ("parser: {pluginRef: q}", "parser.pluginRef", "request parser"),
    ("requestHandler: {parsers: [{pluginRef: q}]}", "requestHandler.parsers[0].pluginRef", "request parser"),
  ])
  func pluginInAPlaceItDoesNotSuitIsNamed(section: String, path: String, role: String) {
    let lines = problems("plugins: [{name: q, type: queue-scorer}]\n" + section)
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("--config-text:4: ") == true)
    #expect(lines.first?.contains(path) == true)
    #expect(lines.first?.contains("\"q\" is not a \(role)") == true)
  }

  /// The default parsers are made on demand when they are referred to; others have to be defined.
  @Test func parserThatIsNotDefinedIsNamedWhereItIsReferredTo() {
    let lines = problems("requestHandler: {parsers: [{pluginRef: vllmhttp-parser}, {pluginRef: sglanghttp-parser}]}")
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("--config-text:3: requestHandler.parsers[1].pluginRef: ") == true)
    #expect(lines.first?.contains("\"sglanghttp-parser\"") == true)
  }

  @Test(arguments: [
    ("prefix-cache-scorer", "matchLengthWeight: 1.5", "matchLengthWeight"),
    ("prefix-cache-scorer", "matchLengthWeight: 0.5, matchLengthScaleTokens: 0", "matchLengthScaleTokens"),
    ("approx-prefix-cache-producer", "autoTune: false, blockSizeTokens: 0", "blockSizeTokens"),
    ("approx-prefix-cache-producer", "maxPrefixTokensToMatch: -1", "maxPrefixTokensToMatch"),
    ("approx-prefix-cache-producer", "autoTune: maybe", "autoTune"),
    ("utilization-detector", "kvCacheUtilThreshold: 0", "kvCacheUtilThreshold"),
    ("utilization-detector", "kvCacheUtilThreshold: 1.01", "kvCacheUtilThreshold"),
    ("utilization-detector", "queueDepthThreshold: 0", "queueDepthThreshold"),
    ("utilization-detector", "metricsStalenessThreshold: soon", "metricsStalenessThreshold"),
    ("utilization-detector", "headroom: -0.1", "headroom"),
    ("max-score-picker", "maxNumOfEndpoints: many", "maxNumOfEndpoints"),
  ])
  func parameterOutOfRangeIsNamed(type: String, parameters: String, field: String) {
    for lineage in Lineage.allCases {
      let lines = problems("plugins:\n- {type: \(type), parameters: {\(parameters)}}", lineage: lineage)
      #expect(lines.count == 1)
      #expect(lines.first?.hasPrefix("--config-text:4: plugins[0].parameters.\(field): ") == true, "\(lines)")
    }
  }

  // MARK: Unknown parameters

  private static let misspelt =
    "plugins:\n- {type: approx-prefix-cache-producer, parameters: {lruCapacityPerSever: 16}}"

  @Test func unknownParameterIsAnErrorInTheNewerVersion() {
    #expect(
      problems(Self.misspelt) == [
        "--config-text:4: plugins[0].parameters.lruCapacityPerSever: unknown field; did you mean \"lruCapacityPerServer\"?"
      ])
  }

  @Test func unknownParameterIsAWarningInTheOlderVersion() throws {
    let loaded = try load(Self.misspelt, lineage: .inferenceExtension)
    #expect(
      loaded.warnings.map(\.description) == [
        "--config-text:4: plugins[0].parameters.lruCapacityPerSever: unknown field, ignored"
          + "; did you mean \"lruCapacityPerServer\"?"
      ])
  }

  @Test func unknownParameterIsAnErrorWhenStrict() {
    #expect(problems(Self.misspelt, lineage: .inferenceExtension, isStrict: true) == problems(Self.misspelt))
  }

  @Test func producersParametersOnTheScorerAreAnErrorInTheNewerVersion() {
    let body = "plugins:\n- {type: prefix-cache-scorer, parameters: {blockSizeTokens: 64}}"
    #expect(
      problems(body) == ["--config-text:4: plugins[0].parameters.blockSizeTokens: unknown field"])
    #expect(problems(body, lineage: .inferenceExtension, isStrict: true).isEmpty)
  }

  @Test func producersParametersOnTheScorerAreCheckedInTheOlderVersion() {
    let body = "plugins:\n- {type: prefix-cache-scorer, parameters: {maxPrefixTokensToMatch: -1}}"
    let lines = problems(body, lineage: .inferenceExtension)
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("--config-text:4: plugins[0].parameters.maxPrefixTokensToMatch: ") == true)
  }

  /// What the scorer reads itself is nothing the producer made from the same parameters may complain about.
  @Test func scorersOwnParametersAreKnownInTheOlderVersion() throws {
    let body = "plugins:\n- {type: prefix-cache-scorer, parameters: {matchLengthWeight: 0.5, blockSizeTokens: 64}}"
    let warnings = try load(body, lineage: .inferenceExtension).warnings
    #expect(problems(body, lineage: .inferenceExtension, isStrict: true).isEmpty)
    #expect(warnings.isEmpty)
  }
}
