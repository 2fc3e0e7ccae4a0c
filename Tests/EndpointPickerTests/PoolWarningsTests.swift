import EndpointPicker
import Testing

@Suite struct PoolWarningsTests {
  private func healthy(_ count: Int) -> PoolWarnings {
    var warnings = PoolWarnings()
    warnings.endpoints = (0..<count).map { index in
      var reading = EndpointReading(name: "e\(index)")
      reading.age = 0.05
      return reading
    }
    return warnings
  }

  private func texts(_ warnings: PoolWarnings) -> [String] {
    warnings.all.map { "\($0.severity.rawValue): \($0.text)" }
  }

  @Test func nothingToSayAboutAHealthyPool() {
    var pool = healthy(4)
    pool.modes = [.init(request: "FULL_DUPLEX_STREAMED", response: "FULL_DUPLEX_STREAMED", streams: 10)]
    #expect(texts(pool) == [])
  }

  @Test func aPoolWithoutEndpointsIsAnError() {
    #expect(texts(PoolWarnings()) == ["error: The pool has no endpoints; every request is answered with 503."])
  }

  @Test func endpointsThatFailRequestsAreNamed() {
    var pool = healthy(3)
    pool.endpoints[1].isUnhealthy = true
    #expect(texts(pool) == ["warning: 1 of 3 endpoints failed requests and are left alone: e1."])
    pool.isScraped = false
    for index in pool.endpoints.indices { pool.endpoints[index].isUnhealthy = true }
    #expect(texts(pool) == ["error: all 3 endpoints fail requests: e0, e1, e2."])
  }

  @Test func staleAndUnreadEndpointsAreNamed() {
    var pool = healthy(5)
    pool.endpoints[1].age = 2.5
    pool.endpoints[1].error = "status 500"
    pool.endpoints[3].age = nil
    #expect(
      texts(pool) == [
        "warning: 1 of 5 endpoints never told their metrics: e3.",
        "warning: 1 of 5 endpoints have metrics older than 2 s: e1 (status 500).",
      ])
    for index in pool.endpoints.indices { pool.endpoints[index].age = 9 }
    #expect(texts(pool) == ["error: all 5 endpoints have metrics older than 2 s: e0, e1, e2, … (status 500)."])
  }

  @Test func loadThatIsNotSharedIsSkew() {
    var pool = healthy(4)
    for index in pool.endpoints.indices { pool.endpoints[index].inFlight = 5 }
    #expect(texts(pool) == [])
    pool.endpoints[2].inFlight = 40
    #expect(texts(pool) == ["warning: Load is skewed: e2 has 40 requests in flight, the others 5.0 on average."])
    pool.endpoints[2].inFlight = 5
    pool.endpoints[0].queue = 9
    #expect(texts(pool) == ["warning: Load is skewed: e0 has 9 requests waiting, the others 0.0 on average."])
  }

  @Test func saturationAndFullCachesAreTold() {
    var pool = healthy(2)
    pool.saturation = 1.254
    pool.endpoints[0].kvCache = 0.97
    #expect(
      texts(pool) == [
        "warning: The pool is saturated (1.25): requests of negative priority are dropped, others queue.",
        "warning: The KV cache is nearly full on 1 of 2 endpoints: e0.",
      ])
  }

  @Test(arguments: [
    ("STREAMED", "STREAMED", "warning", "prompt is not seen"), ("NONE", "NONE", "warning", "answers are not seen"),
    ("BUFFERED", "BUFFERED", "info", "buffer limit"), ("unknown", "unknown", "info", "full duplex is assumed"),
    ("FULL_DUPLEX_STREAMED", "NONE", "info", "no token counts"),
  ])
  func modesOfTheProxyHaveLimits(request: String, response: String, severity: String, part: String) throws {
    var pool = healthy(1)
    pool.modes = [
      .init(request: request, response: response, streams: 1),
      .init(request: "STREAMED", response: "NONE", streams: 0),
    ]
    let only = try #require(pool.all.first)
    #expect(pool.all.count == 1)
    #expect(only.severity.rawValue == severity)
    #expect(only.text.contains(part))
  }

  @Test func theWorstComesFirst() {
    var pool = PoolWarnings()
    pool.configurationWarnings = ["something old"]
    pool.bufferedBytes = 90 << 20
    pool.maximumBufferedBytes = 100 << 20
    #expect(pool.all.map(\.severity) == [.error, .warning, .info])
  }
}
