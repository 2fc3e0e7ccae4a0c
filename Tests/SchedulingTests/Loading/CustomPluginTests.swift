import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// Prefers endpoints by a label, the way a user's own scorer would: written outside of the library.
private struct TierScorer: EndpointScorer {
  let tier: String

  func score(_ candidate: Candidate, _ cycle: SchedulingCycle) -> Double {
    candidate.endpoint.labels["tier"] == tier ? 1 : 0
  }
}

/// Prefers a column that a user's own data source fills.
private struct TemperatureScorer: Scorer {
  let column: ColumnID

  func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let temperatures = cycle.values(column)
    for position in scores.indices { scores[position] = 1 - temperatures[position] / 100 }
  }
}

/// Plugins from outside of the library, registered by a line and used by a document.
@Suite struct CustomPluginTests {
  private func pool() -> TestPool {
    let pool = TestPool(0)
    pool.table.replaceAll(
      with: ["bronze", "silver", "gold", "silver"].enumerated().map { number, tier in
        let descriptor = TestPool.descriptor(number + 1)
        return EndpointDescriptor(id: descriptor.id, address: descriptor.address, labels: ["tier": tier])
      })
    // The built-in scorers are all for the first endpoint.
    pool.store(.waitingQueueSize, [0, 9, 9, 9])
    pool.store(.kvCacheUsage, [0, 0.9, 0.9, 0.9])
    return pool
  }

  private func document(_ type: String, _ parameters: String) -> String {
    """
    plugins:
    - type: queue-scorer
    - type: kv-cache-utilization-scorer
    - {name: mine, type: \(type), parameters: {\(parameters)}}
    schedulingProfiles:
    - name: default
      plugins:
      - {pluginRef: queue-scorer, weight: 1}
      - {pluginRef: kv-cache-utilization-scorer, weight: 1}
      - {pluginRef: mine, weight: 5}
    """
  }

  @Test func scorerOfSingleCandidatesDecides() throws {
    var registry = PluginRegistry.builtIn
    registry.register(
      PluginRegistration(type: "tier-scorer") { TierScorer(tier: $0.parameters.requiredString("tier")) })
    let pool = pool()
    let gold = try load(document("tier-scorer", "tier: gold"), registry: registry)
    let bronze = try load(document("tier-scorer", "tier: bronze"), registry: registry)
    #expect(try pool.pick(by: gold.scheduler) == ["pod-3"])
    #expect(try pool.pick(by: bronze.scheduler) == ["pod-1"])
  }

  @Test func scorerOfArraysDecides() throws {
    var registry = PluginRegistry.builtIn
    registry.register(
      PluginRegistration(type: "temperature-scorer") { (context) throws(ConfigurationError) in
        guard let column = context.endpoints.column(named: "temperature") else {
          throw ConfigurationError(context.parameters.location, "no room for another column")
        }
        return TemperatureScorer(column: column)
      })
    let pool = pool()
    let loaded = try load(document("temperature-scorer", ""), registry: registry, endpoints: pool.table)
    // Never scraped values are not a number and count 0.
    #expect(try pool.pick(by: loaded.scheduler) == ["pod-1"])
    pool.store(try #require(pool.table.column(named: "temperature")), [90, 80, 60, 20])
    #expect(try pool.pick(by: loaded.scheduler) == ["pod-4"])
  }

  @Test func parametersOfOwnPluginsAreCheckedLikeOthers() {
    var registry = PluginRegistry.builtIn
    registry.register(
      PluginRegistration(type: "tier-scorer") { TierScorer(tier: $0.parameters.requiredString("tier")) })
    #expect(
      problems(document("tier-scorer", "tire: gold"), registry: registry).map { $0.split(separator: " ")[1] } == [
        "plugins[2].parameters.tier:", "plugins[2].parameters.tire:",
      ])
  }

  @Test func ownTypeReplacesOneOfTheSameName() throws {
    var registry = PluginRegistry.builtIn
    registry.register(PluginRegistration(type: "queue-scorer") { _ in FixedScorer([2: 1]) })
    let loaded = try load("plugins: [{type: queue-scorer}]", registry: registry)
    #expect(try pool().pick(by: loaded.scheduler) == ["pod-2"])
  }

  @Test func ownTypesAreSuggestedForMisspeltOnes() {
    var registry = PluginRegistry.builtIn
    registry.register(PluginRegistration(type: "tier-scorer", aliases: ["level-scorer"]) { _ in TierScorer(tier: "") })
    #expect(problems("plugins: [{type: teir-scorer}]", registry: registry).first?.contains("\"tier-scorer\"") == true)
    #expect(problems("plugins: [{type: level-scorer}]", registry: registry).isEmpty)
  }

  @Test func requiredDataBringsItsProducer() throws {
    var registry = PluginRegistry.builtIn
    registry.register(PluginRegistration(type: "mine", requires: [.prefixCacheMatch]) { _ in FixedScorer([:]) })
    let loaded = try load("plugins: [{type: mine}]", registry: registry)
    #expect(loaded.scheduler.producers.last is ApproximatePrefixCacheProducer)
  }
}
