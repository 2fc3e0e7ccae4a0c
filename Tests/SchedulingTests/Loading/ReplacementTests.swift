import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// A configuration that takes the place of another one: which plugins go on with what they know.
@Suite struct ReplacementTests {
  private let table = EndpointTable()
  private let services = PluginServices()

  private func load(
    _ plugins: String, lineage: Lineage = .llmD, replacing old: LoadedPlugins? = nil
  ) throws(ConfigurationError) -> LoadedPlugins {
    let text = "apiVersion: \(lineage.apiVersion)\nkind: EndpointPickerConfig\nplugins:\n\(plugins)"
    return try PluginLoader.load(
      try EndpointPickerConfig.load(.text(text)), registry: .withDataLayer, endpoints: table, services: services,
      replacing: old)
  }

  private func plugin(_ name: String, _ plugins: LoadedPlugins) -> AnyObject? {
    plugins.instance(named: name)?.plugin as AnyObject?
  }

  private static let plugins = """
    - {type: approx-prefix-cache-producer, parameters: {lruCapacityPerServer: 100}}
    - {type: prefix-cache-scorer}
    - {type: no-hit-lru-scorer, name: spread}
    - {type: max-score-picker}
    """

  @Test func samePluginsGoOn() throws {
    let old = try load(Self.plugins)
    #expect(old.inherited.isEmpty)
    let new = try load(Self.plugins, replacing: old)
    #expect(new.inherited == Set(new.instances.map(\.name)))
    for name in ["approx-prefix-cache-producer", "spread"] {
      #expect(plugin(name, new) === plugin(name, old), "\(name)")
    }
  }

  /// Defaults that are written out change nothing, nor does the order.
  @Test func otherWordsForTheSameAreNoChange() throws {
    let old = try load(Self.plugins)
    let new = try load(
      """
      - {type: max-score-picker, parameters: {maxNumOfEndpoints: 1}}
      - {type: queue-scorer}
      - {type: no-hit-lru-scorer, name: spread}
      - {type: prefix-cache-scorer}
      - {type: approx-prefix-cache-producer, parameters: {autoTune: true, lruCapacityPerServer: 100}}
      """, replacing: old)
    #expect(!new.inherited.contains("queue-scorer"))
    for name in ["approx-prefix-cache-producer", "spread"] {
      #expect(plugin(name, new) === plugin(name, old), "\(name)")
    }
  }

  @Test(arguments: [
    "- {type: no-hit-lru-scorer, name: other}", "- {type: no-hit-lru-scorer, name: spread, parameters: {lruSize: 7}}",
    "- {type: queue-scorer, name: spread}",
  ])
  func changedPluginsAreMadeAnew(_ line: String) throws {
    let old = try load(Self.plugins)
    let new = try load(
      Self.plugins.replacing("- {type: no-hit-lru-scorer, name: spread}", with: line), replacing: old)
    #expect(!new.inherited.contains("spread") && !new.inherited.contains("other"))
    #expect(plugin("approx-prefix-cache-producer", new) === plugin("approx-prefix-cache-producer", old))
  }

  @Test func pluginsThatReferToOthersAreMadeAnew() throws {
    let body = """
      - {type: prefix-based-pd-decider, parameters: {nonCachedTokens: 10}}
      - {type: disagg-profile-handler, parameters: {deciders: {prefill: prefix-based-pd-decider}}}
      """
    let sections = """

      schedulingProfiles:
      - {name: prefill, plugins: []}
      - {name: decode, plugins: []}
      """
    let old = try load(body + sections)
    let new = try load(body.replacing("10", with: "20") + sections, replacing: old)
    #expect(!new.inherited.contains("disagg-profile-handler"))
    #expect(!new.inherited.contains("prefix-based-pd-decider"))
  }

  @Test func otherAPIVersionStartsOver() throws {
    let old = try load(Self.plugins)
    let new = try load(Self.plugins, lineage: .inferenceExtension, replacing: old)
    #expect(new.inherited.isEmpty)
  }

  /// Producer and reader are of different configurations and understand each other.
  @Test func pluginsOfDifferentAgeShareTheirData() throws {
    let pool = TestPool(2)
    func load(_ weight: Int, replacing old: LoadedPlugins?) throws -> LoadedPlugins {
      let text = """
        apiVersion: llm-d.ai/v1alpha1
        kind: EndpointPickerConfig
        plugins: [{type: approx-prefix-cache-producer}, {type: prefix-cache-scorer, name: prefix-\(weight)}]
        schedulingProfiles:
        - {name: default, plugins: [{pluginRef: prefix-\(weight), weight: \(weight)}]}
        """
      return try PluginLoader.load(
        try EndpointPickerConfig.load(.text(text)), registry: .withDataLayer, endpoints: pool.table,
        services: services, replacing: old)
    }
    let prompt = String(repeating: "a long beginning that comes again ", count: 40)
    var plugins = try load(1, replacing: nil)
    let requests = Requests()
    let first = try pool.place(requests.chat(prompt), by: plugins.scheduler).endpoint.id.name
    for weight in 2...20 {
      plugins = try load(weight, replacing: plugins)
      #expect(!plugins.inherited.contains("prefix-\(weight)"))
      #expect(try pool.place(requests.chat(prompt), by: plugins.scheduler).endpoint.id.name == first)
    }
  }

  /// Each of them gives places to attributes that no later one uses, and there are not so many.
  @Test func endlessRenamingRunsOutOfNothing() throws {
    let pool = TestPool(2)
    let requests = Requests()
    let prompt = String(repeating: "a long beginning that comes again ", count: 40)
    var plugins: LoadedPlugins?
    for number in 0..<200 {
      let text = """
        apiVersion: llm-d.ai/v1alpha1
        kind: EndpointPickerConfig
        plugins:
        - {type: approx-prefix-cache-producer, name: p\(number)}
        - {type: prefix-cache-scorer, parameters: {prefixMatchInfoProducerName: p\(number)}}
        """
      let loaded = try PluginLoader.load(
        try EndpointPickerConfig.load(.text(text)), registry: .withDataLayer, endpoints: pool.table,
        services: services, replacing: plugins)
      plugins = loaded
      let first = try pool.place(requests.chat(prompt), by: loaded.scheduler).endpoint.id.name
      #expect(try pool.place(requests.chat(prompt), by: loaded.scheduler).endpoint.id.name == first, "\(number)")
    }
  }

  @Test func mistakesAreFoundAsEver() throws {
    let old = try load(Self.plugins)
    #expect(throws: ConfigurationError.self) {
      try load("- {type: approx-prefix-cache-producer, parameters: {lruCapacityPerServer: 0}}", replacing: old)
    }
  }

  @Test func indexesOfProducersThatAreGoneAreForgotten() throws {
    _ = try load(Self.plugins)
    #expect(services.allPrefixIndexes.count == 1)
    services.removePrefixIndexes(except: ["approx-prefix-cache-producer"])
    #expect(services.allPrefixIndexes.count == 1)
    services.removePrefixIndexes(except: [])
    #expect(services.allPrefixIndexes.isEmpty)
  }
}
