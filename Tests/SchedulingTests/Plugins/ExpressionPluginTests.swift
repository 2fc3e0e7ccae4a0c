import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// `expression-scorer` and `expression-filter`: what their names mean, by hand-computed values.
@Suite struct ExpressionPluginTests {
  private func scorer(
    _ expression: String, _ pool: TestPool, services: PluginServices = PluginServices()
  ) throws -> any Scorer {
    try makePlugin(
      "expression-scorer", "expression: \"\(expression)\"", as: (any Scorer).self, endpoints: pool.table,
      services: services)
  }

  @Test func valuesOfEndpointsAreThoseOfTheTable() throws {
    let pool = TestPool(3)
    pool.store(.waitingQueueSize, [0, 2, 10])
    pool.store(.runningRequests, [1, 0, 4])
    pool.store(.kvCacheUsage, [0.5, 0.25, 1])
    pool.store(.cacheBlockSize, [16, 32, 64])
    pool.store(.cacheBlockCount, [100, 200, 300])
    pool.store(.updatedAt, [0, 9, 10], now: 10)
    #expect(try scorer("1 / (1 + queue)", pool).scores(pool.cycle) == [1, 1.0 / 3, 1.0 / 11])
    #expect(try scorer("clamp(1 - running / 4, 0, 1)", pool).scores(pool.cycle) == [0.75, 1, 0])
    #expect(try scorer("1 - kvUsage", pool).scores(pool.cycle) == [0.5, 0.75, 0])
    #expect(try scorer("cacheBlocks * cacheBlockSize", pool).scores(pool.cycle) == [1_600, 6_400, 19_200])
    #expect(try scorer("scrapeAge", pool).scores(pool.cycle) == [.infinity, 1, 0])
    #expect(try scorer("candidates", pool).scores(pool.cycle) == [3, 3, 3])
    // What queue-scorer computes.
    let queue = "highest(queue) == lowest(queue) ? 1 : (highest(queue) - queue) / (highest(queue) - lowest(queue))"
    #expect(try scorer(queue, pool).scores(pool.cycle) == QueueScorer().scores(pool.cycle))
  }

  @Test func placedRequestsCountAtOnce() throws {
    let pool = TestPool(2)
    let placements = pool.load([[100, 20], []])
    #expect(try scorer("inFlightRequests", pool).scores(pool.cycle) == [2, 0])
    #expect(try scorer("inFlightTokens", pool).scores(pool.cycle) == [120, 0])
    #expect(try scorer("queue", pool).scores(pool.cycle) == [2, 0])
    for placement in placements { placement.end() }
  }

  @Test func valuesOfTheRequestAreTheSameForAll() throws {
    let pool = TestPool(2)
    let headers = TestHeaders(["x-tier": "gold", "x-weight": " 0.25 ", "x-name": "much"])
    let requests = Requests()
    var request = try request(tokens: 40, requests)
    request.headers = headers
    request.priority = -2
    pool.cycle.begin(request, now: 0)
    func value(_ expression: String) throws -> Double { try scorer(expression, pool).scores(pool.cycle)[0] }
    #expect(try value("promptTokens") == 40)
    #expect(try value("bodyBytes") == Double(request.bodyBytes))
    #expect(try value("priority") == -2)
    #expect(try value("streaming ? 1 : 0.5") == 0.5)
    #expect(try value("has(maxOutputTokens) ? 1 : 0") == 0)
    #expect(try value("model == 'llama'") == 1)
    #expect(try value("header('X-Tier') == 'gold'") == 1)
    #expect(try value("header('x-missing') == ''") == 1)
    #expect(try value("number(header('x-weight'))") == 0.25)
    #expect(try value("has(number(header('x-name')))") == 0)
    #expect(try value("mediaItems") == 0)
  }

  @Test func labelsAreComparedAndRead() throws {
    let pool = TestPool(labels: [["zone": "a", "gpus": "4"], ["zone": "b", "gpus": "lots"], [:]])
    #expect(try scorer("label('zone') == 'a'", pool).scores(pool.cycle) == [1, 0, 0])
    #expect(try scorer("label('zone') != ''", pool).scores(pool.cycle) == [1, 1, 0])
    let gpus = "has(number(label('gpus'))) ? number(label('gpus')) / 8 : 0.125"
    #expect(try scorer(gpus, pool).scores(pool.cycle) == [0.5, 0.125, 0.125])
    // Labels of a changed pool count at once.
    let zone = try scorer("label('zone') == 'a'", pool)
    #expect(zone.scores(pool.cycle) == [1, 0, 0])
    pool.relabel([["zone": "b"], ["zone": "a"], [:]])
    #expect(zone.scores(pool.cycle) == [0, 1, 0])
  }

  @Test func attributesAreCustomMetrics() throws {
    let pool = TestPool(2)
    let column = try #require(pool.table.column(named: "heat"))
    pool.store(column, [0.5])
    #expect(try scorer("has(attribute('heat')) ? attribute('heat') : 1", pool).scores(pool.cycle) == [0.5, 1])
  }

  @Test func adaptersCount() throws {
    let services = PluginServices()
    let pool = TestPool(3)
    services.adapters.set(AdapterSet(active: ["sql"], waiting: [], maximum: 2), slot: 0)
    services.adapters.set(AdapterSet(active: ["a"], waiting: ["sql"], maximum: 2), slot: 1)
    let model = UnsafeMutableRawBufferPointer.allocate(byteCount: 3, alignment: 1)
    defer { model.deallocate() }
    model.copyBytes(from: "sql".utf8)
    var request = SchedulingRequest()
    request.targetModel = UnsafeRawBufferPointer(model)
    pool.cycle.begin(request, now: 0)
    #expect(try scorer("loraActive", pool, services: services).scores(pool.cycle) == [1, 0, 0])
    #expect(try scorer("loraWaiting ? 1 : 0", pool, services: services).scores(pool.cycle) == [0, 1, 0])
    #expect(try scorer("loraFree", pool, services: services).scores(pool.cycle) == [1, 0, 0])
  }

  @Test func prefixMatchesComeFromTheProducer() throws {
    let loaded = try load("plugins: [{type: expression-scorer, parameters: {expression: prefixMatch}}]")
    #expect(loaded.instance(named: "approx-prefix-cache-producer") != nil)
    #expect(loaded.readsPrompts)
    let pool = TestPool(8)
    let text = String(repeating: "the same beginning ", count: 100)
    let requests = Requests()
    let first = try pool.place(try requests.chat(text), by: loaded.scheduler)
    let second = try pool.place(try requests.chat(text), by: loaded.scheduler)
    #expect(second.endpoint.id == first.endpoint.id)
    pool.endRequests()
  }

  @Test func filterKeepsWhatIsTrue() throws {
    let pool = TestPool(3)
    pool.store(.waitingQueueSize, [0, 2, 10])
    func kept(_ parameters: String) throws -> [Bool] {
      try makePlugin("expression-filter", parameters, as: (any Filter).self, endpoints: pool.table).kept(pool.cycle)
    }
    #expect(try kept("expression: 'queue < 5'") == [true, true, false])
    #expect(try kept("expression: 'queue > 50'") == [false, false, false])
    #expect(try kept("expression: 'queue > 50', fallbackOnEmpty: true") == [true, true, true])
  }

  @Test func mistakesAreNamedWhenLoading() {
    #expect(
      parameterProblems("expression-scorer", "expression: 1 + qeue") == [
        ".expression: column 5: unknown name \"qeue\"; did you mean \"queue\"?"
      ])
    #expect(parameterProblems("expression-scorer", "") == [".expression: required, but not set"])
    #expect(
      parameterProblems("expression-filter", "expression: queue + 1") == [
        ".expression: column 1: expected a boolean, found a number"
      ])
    #expect(
      parameterProblems("expression-filter", "expression: 'lable(\"a\") == \"b\"'").first?.contains("\"label\"") == true
    )
  }

  @Test func promptsAreReadOnlyWhenNamed() throws {
    func reads(_ expression: String) throws -> Bool {
      try load("plugins: [{type: expression-scorer, parameters: {expression: \"\(expression)\"}}]").readsPrompts
    }
    #expect(try !reads("1 / (1 + queue)"))
    #expect(try !reads("header('x') == 'y' && streaming ? 1 : 0"))
    #expect(try reads("promptTokens > 1000 ? 1 : 0"))
    #expect(try reads("matchedTokens"))
  }
}
