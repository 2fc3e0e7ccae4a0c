import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// What holds for every plugin, whatever the pool looks like.
@Suite struct PluginPropertyTests {
  /// Types with the parameters they need.
  private static let parameters = [
    "by-label": "label: zone, validValues: [a]", "header-label-affinity-scorer": "headerName: x-zone, labelKey: zone",
    "endpoint-attribute-filter":
      "attribute: gpu, algorithm: {type: threshold, threshold: {operator: LessThan, value: 0.5}}",
    "endpoint-attribute-scorer": "attributeKey: gpu, algorithm: {type: linear_lower_is_better}",
    "utilization-filter": "conditions: [{metric: waiting-queue, maxValue: 3}]",
  ]

  /// A pool with random labels, metrics and load, some of it missing or beyond all sense.
  private func pool(_ random: inout RandomSource) throws -> (TestPool, [Placement]) {
    let count = 1 + random.below(12)
    let roles = ["prefill", "decode", "both", "", "0-100", "x"]
    func value() -> Double { [0, 0.5, 1, 7, 1e9, -1, .infinity][random.below(7)] }
    let pool = TestPool(
      labels: (0..<count).map { _ in
        let role = roles[random.below(roles.count)]
        return [
          "llm-d.ai/role": role, "llm-d.ai/context-length-range": role, "zone": "ab".map(String.init)[random.below(2)],
        ]
      })
    let gpu = try #require(pool.table.column(named: "gpu"))
    for column in [ColumnID.waitingQueueSize, .runningRequests, .kvCacheUsage, .updatedAt, gpu] {
      pool.store(column, (0..<random.below(count + 1)).map { _ in value() })
    }
    return (pool, pool.load((0..<count).map { _ in (0..<random.below(4)).map { _ in random.below(1_000_000) } }))
  }

  @Test func scoresCountAtMostOneAndFiltersNeverAdd() throws {
    let registry = PluginRegistry.builtIn
    let requests = Requests()
    let headers = TestHeaders(["x-zone": "a", "x-session-token": "ZGVmYXVsdC9wb2QtMQ=="])
    var random = RandomSource(seed: 11)
    var scorers = 0
    var filters = 0
    for registration in registry.all {
      for _ in 0..<20 {
        let (pool, placements) = try pool(&random)
        // Handlers of certain profiles do not load alone; they neither filter nor score.
        let document =
          "plugins: [{type: \(registration.type), parameters: {\(Self.parameters[registration.type] ?? "")}}]"
        guard let loaded = try? load(document, registry: registry, endpoints: pool.table) else { continue }
        guard let plugin = loaded.instance(named: registration.type)?.plugin else { continue }
        var request = try requests.chat(String(repeating: "a", count: 1 + random.below(3_000)))
        request.headers = headers
        pool.cycle.begin(request, now: 1)
        for producer in loaded.scheduler.producers { producer.produce(pool.cycle) }
        if let scorer = plugin as? any Scorer {
          scorers += 1
          let totals = try totals(of: scorer, pool)
          #expect(totals.allSatisfy { $0 >= 0 && $0 <= 1 }, "\(registration.type)")
        }
        if let filter = plugin as? any Filter {
          filters += 1
          let keep = filter.kept(pool.cycle)
          let kept = Set(keep.indices.filter { keep[$0] }.map { pool.cycle.endpoint($0).id.name })
          // What a filter that draws keeps differs from call to call.
          if registration.type != "prefix-cache-affinity-filter" {
            #expect(try picked(by: filter, pool) == kept, "\(registration.type)")
          }
        }
        for placement in placements { placement.end() }
      }
    }
    #expect(scorers >= 12 * 20)
    #expect(filters >= 12 * 20)
  }

  /// What a scorer adds to the totals, by the trace of a profile that has only it.
  private func totals(of scorer: any Scorer, _ pool: TestPool) throws -> [Double] {
    let request = pool.cycle.request
    let scheduler = Scheduler(
      profiles: [
        SchedulingProfile(
          name: "default", scorers: [.init(name: "only", scorer: scorer, weight: 1)], picker: MaxScorePicker())
      ], handler: SingleProfileHandler())
    pool.cycle.begin(request, now: 1)
    pool.cycle.trace = DecisionTrace()
    _ = try scheduler.schedule(pool.cycle)
    return try #require(pool.cycle.trace?.profiles.first?.totals)
  }

  /// The endpoints that a profile with only this filter may pick, of all candidates and without repetition.
  private func picked(by filter: any Filter, _ pool: TestPool) throws -> Set<String> {
    let scheduler = Scheduler(
      profiles: [
        SchedulingProfile(
          name: "default", filters: [("only", filter)], picker: RandomPicker(maximumEndpoints: pool.cycle.count))
      ], handler: SingleProfileHandler())
    let request = pool.cycle.request
    pool.cycle.begin(request, now: 1)
    guard let primary = try? scheduler.schedule(pool.cycle) else { return [] }
    let names = pool.cycle.results[primary].endpoints.map(\.id.name)
    #expect(Set(names).count == names.count)
    return Set(names)
  }

  @Test func seedMakesPicksRepeatable() throws {
    func picks(_ type: String, _ parameters: String, loop: UInt64) throws -> [[String]] {
      let loaded = try load("plugins: [{type: \(type), parameters: {\(parameters)}}]")
      let pool = TestPool(50, seed: loop)
      return try (0..<20).map { _ in try pool.pick(by: loaded.scheduler) }
    }
    for type in ["max-score-picker", "random-picker", "weighted-random-picker"] {
      for parameters in ["seed: 7", "seed: 7, maxNumOfEndpoints: 3"] {
        let first = try picks(type, parameters, loop: 1)
        #expect(first == (try picks(type, parameters, loop: 2)))
        #expect(first != (try picks(type, parameters.replacing("7", with: "8"), loop: 1)))
        #expect(Set(first).count > 1)
      }
      #expect(try picks(type, "", loop: 1) != (try picks(type, "", loop: 2)))
    }
  }

  @Test func tableListsEveryTypeWithItsDefaults() throws {
    let table = PluginTable(.builtIn)
    #expect(table.rows.map(\.type) == PluginRegistry.builtIn.all.map(\.type))
    #expect(table.rows.allSatisfy { !$0.roles.isEmpty || $0.type == "disagg-headers-handler" })
    let filter = try #require(table.rows.first { $0.type == "prefix-cache-affinity-filter" })
    #expect(filter.roles == ["filter"])
    #expect(filter.reads == ["approx-prefix-cache-producer", "inflight-load-producer", "predicted-latency-producer"])
    let defaults = Dictionary(uniqueKeysWithValues: filter.parameters.map { ($0.name, $0.defaultValue) })
    #expect(defaults["maxTTFTPenaltyMs"] == "18000.0")
    #expect(defaults["ttftSource"] == "prefillThroughput")
    let label = try #require(table.rows.first { $0.type == "by-label" })
    #expect(label.parameters.first { $0.name == "label" }?.defaultValue == "required")
    #expect(label.replacement == "label-selector-filter")
    let lines = table.markdown.split(separator: "\n")
    #expect(lines.count == table.rows.count + 2)
    #expect(lines.allSatisfy { $0.hasPrefix("|") && $0.hasSuffix("|") })
    #expect(table.markdown.contains("`label-selector-filter` (`by-label-selector`)"))
  }

  @Test func servedEndpointIsShownToTheClient() throws {
    let plugin = try makePlugin("destination-endpoint-served-verifier", as: (any ResponseHeadersPlugin).self)
    let pool = TestPool(1)
    try pool.place(
      by: Scheduler(
        profiles: [SchedulingProfile(name: "default", picker: RandomPicker())], handler: SingleProfileHandler())
    ).end()
    var request = try #require(PlacedRequest(pool.cycle))
    var headers: [(name: String, value: String)] = []
    for report in [PlacedRequest.ServedReport.noMetadata, .noAddress, .address("10.0.0.1:3000")] {
      request.report = report
      plugin.addResponseHeaders(request, to: &headers)
    }
    #expect(Set(headers.map(\.name)) == ["x-conformance-test-served-endpoint"])
    #expect(
      headers.map(\.value) == [
        "fail: missing envoy lb metadata", "fail: missing destination endpoint served metadata", "10.0.0.1:3000",
      ])
  }
}
