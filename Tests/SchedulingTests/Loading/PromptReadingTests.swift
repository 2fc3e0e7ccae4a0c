import PickerConfiguration
import Scheduling
import Testing

/// Which configurations need to know the prompts of requests (plugins declare what they need).
@Suite struct PromptReadingTests {
  @Test(arguments: [
    "queue-scorer", "kv-cache-utilization-scorer", "running-requests-size-scorer", "lora-affinity-scorer",
    "load-aware-scorer", "active-request-scorer", "session-affinity-scorer", "session-affinity-filter", "decode-filter",
    "header-based-testing-filter", "concurrency-detector", "utilization-detector", "random-picker",
  ])
  func headersAndLoadNeedNoPrompts(type: String) throws {
    #expect(try !load("plugins: [{type: \(type)}]").readsPrompts)
  }

  @Test(arguments: [
    "{type: prefix-cache-scorer}", "{type: no-hit-lru-scorer}", "{type: token-load-scorer}",
    "{type: context-length-aware}", "{type: prefix-cache-affinity-filter}",
    "{type: concurrency-detector, parameters: {concurrencyMode: tokens}}",
  ])
  func promptsAreReadForThoseWhoNeedThem(plugin: String) throws {
    for lineage in Lineage.allCases {
      #expect(try load("plugins: [\(plugin)]", lineage: lineage).readsPrompts, "\(lineage)")
    }
  }

  @Test func pluginsOfUsersSayWhatTheyNeed() throws {
    var registry = PluginRegistry.builtIn
    registry.register(PluginRegistration(type: "plain") { _ in InertPlugin() })
    registry.register(PluginRegistration(type: "declares", requires: [.tokenizedPrompt]) { _ in InertPlugin() })
    registry.register(
      PluginRegistration(type: "decides") { context in
        if context.parameters.bool("long", default: false) { context.requirePrompts() }
        return InertPlugin()
      })
    #expect(try !load("plugins: [{type: plain}, {type: decides}]", registry: registry).readsPrompts)
    #expect(try load("plugins: [{type: declares}]", registry: registry).readsPrompts)
    #expect(try load("plugins: [{type: decides, parameters: {long: true}}]", registry: registry).readsPrompts)
  }
}
