import Endpoints
import Scheduling
import Testing

/// A candidate's score depends on what it is and not on where it stands in the list, and filters that look at one
/// candidate at a time leave the same whatever their order.
@Suite struct OrderIndependenceTests {
  private let headers = TestHeaders(["x-zone": "a", "x-session-token": "ZGVmYXVsdC9wb2QtMg=="])

  private static let scorers = [
    "queue-scorer", "kv-cache-utilization-scorer", "running-requests-size-scorer", "lora-affinity-scorer",
    "token-load-scorer", "active-request-scorer", "load-aware-scorer", "session-affinity-scorer",
    "context-length-aware",
    "header-label-affinity-scorer: headerName: x-zone, labelKey: zone",
    "endpoint-attribute-scorer: attributeKey: gpu, algorithm: {type: linear_lower_is_better}",
    "expression-scorer: expression: 'queue / (1 + highest(queue)) + (label(\"zone\") == \"a\" ? 0.5 : 0)'",
  ]

  /// Endpoints 1, 2 … with values that follow from their numbers, listed in this order.
  private func pool(_ order: [Int], _ services: PluginServices) throws -> (TestPool, [Placement]) {
    let pool = TestPool(0)
    pool.table.replaceAll(
      with: order.map { number in
        let plain = TestPool.descriptor(number)
        return EndpointDescriptor(
          id: plain.id, address: plain.address,
          labels: [
            "zone": number % 2 == 0 ? "a" : "b", "llm-d.ai/context-length-range": "0-\(number * 100)",
            "llm-d.ai/role": ["decode", "prefill", "both"][number % 3],
          ])
      })
    let gpu = try #require(pool.table.column(named: "gpu"))
    var placements: [Placement] = []
    for endpoint in pool.table.snapshot().endpoints {
      let number = try #require(Int(endpoint.id.name.dropFirst(4)))
      let value = Double(number * 7 % 5)
      pool.table.store(value, in: .waitingQueueSize, slot: endpoint.slot)
      pool.table.store(Double(number * 3 % 4), in: .runningRequests, slot: endpoint.slot)
      pool.table.store(value / 10, in: .kvCacheUsage, slot: endpoint.slot)
      if number != 3 { pool.table.store(value / 5, in: gpu, slot: endpoint.slot) }
      let adapters = AdapterSet(active: number % 2 == 0 ? ["llama"] : ["x"], waiting: [], maximum: number % 3)
      services.adapters.set(adapters, slot: endpoint.slot)
      for _ in 0..<(number % 3) {
        placements.append(Placement(endpoint, pool.table.reserve(slot: endpoint.slot, promptTokens: number * 100)))
      }
    }
    return (pool, placements)
  }

  private func plugin<Role>(_ text: String, _ role: Role.Type, _ pool: TestPool, _ services: PluginServices) throws
    -> Role
  {
    let parts = text.split(separator: ": ", maxSplits: 1)
    return try makePlugin(
      String(parts[0]), parts.count > 1 ? String(parts[1]) : "", as: role, endpoints: pool.table, services: services)
  }

  @Test(arguments: scorers)
  func scoresDoNotDependOnTheOrderOfCandidates(scorer: String) throws {
    let requests = Requests()
    func scores(_ order: [Int]) throws -> [String: Double] {
      let services = PluginServices()
      let (pool, placements) = try pool(order, services)
      let plugin = try plugin(scorer, (any Scorer).self, pool, services)
      var request = try requests.chat(String(repeating: "word", count: 250))
      request.headers = headers
      pool.cycle.begin(request, now: 1)
      let scores = plugin.scores(pool.cycle)
      for placement in placements { placement.end() }
      return Dictionary(uniqueKeysWithValues: scores.indices.map { (pool.cycle.endpoint($0).id.name, scores[$0]) })
    }
    let sorted = try scores([1, 2, 3, 4, 5, 6])
    #expect(sorted.count == 6)
    #expect(Set(sorted.values).count > 1)
    #expect(try scores([6, 5, 4, 3, 2, 1]) == sorted)
    #expect(try scores([4, 1, 6, 3, 5, 2]) == sorted)
  }

  private static let filters = [
    "decode-filter", "utilization-filter: conditions: [{metric: waiting-queue, maxValue: 3}]",
    "by-label: label: zone, validValues: [a]", "expression-filter: expression: 'running < 3'",
    "label-selector-filter: matchExpressions: [{key: zone, operator: Exists}]",
  ]

  @Test func filtersOfSingleCandidatesCommute() throws {
    let services = PluginServices()
    let (pool, placements) = try pool([1, 2, 3, 4, 5, 6], services)
    let made = try Self.filters.map { try plugin($0, (any Filter).self, pool, services) }
    func left(_ filters: [any Filter]) throws -> [String] {
      let scheduler = Scheduler(
        profiles: [
          SchedulingProfile(
            name: "default", filters: filters.map { ("f", $0) }, picker: RandomPicker(maximumEndpoints: 6))
        ], handler: SingleProfileHandler())
      return try pool.pick(by: scheduler).sorted()
    }
    let expected = try left(made)
    var random = RandomSource(seed: 4)
    for _ in 0..<20 { #expect(try left(made.shuffled(using: &random)) == expected) }
    for placement in placements { placement.end() }
  }
}
