import Endpoints
import Scheduling
import Testing

/// Queues of 5 are saturated; the metrics are as fresh as can be.
@Suite struct PoolSaturationTests {
  private func read(_ endpoints: [(role: String?, queue: Double)]) -> PoolSaturation.Reading {
    let table = EndpointTable()
    table.replaceAll(
      with: endpoints.indices.map { index in
        EndpointDescriptor(
          id: EndpointID(name: "pod-\(index)"), address: EndpointAddress(host: "10.0.0.\(index)", port: 8_000),
          labels: endpoints[index].role.map { ["llm-d.ai/role": $0] } ?? [:])
      })
    for (index, endpoint) in table.snapshot().endpoints.enumerated() {
      table.store(endpoints[index].queue, in: .waitingQueueSize, slot: endpoint.slot)
      table.store(100, in: .updatedAt, slot: endpoint.slot)
    }
    var saturation = PoolSaturation(UtilizationDetector(), endpoints: table)
    let reading = saturation.read(now: 100)
    #expect(saturation.endpointCount == endpoints.count)
    return reading
  }

  @Test func withoutRolesThePoolCountsAsAWhole() {
    let reading = read([(nil, 5), (nil, 0), (nil, 10)])
    #expect((reading.prefill, reading.decode, reading.effective) == (nil, nil, 1))
  }

  @Test func ofTwoStagesTheMoreLoadedCounts() {
    let reading = read([("prefill", 10), ("decode", 0), (nil, 5)])
    #expect((reading.prefill, reading.decode, reading.effective) == (2, 0.5, 2))
  }

  @Test func anEndpointOfBothStagesCountsInBoth() {
    let reading = read([("prefill-decode", 10), ("decode", 0)])
    #expect((reading.prefill, reading.decode, reading.effective) == (2, 1, 2))
  }

  @Test func endpointsThatOnlyEncodeDoNotCountBesideOthers() {
    let reading = read([("encode", 50), ("decode", 5)])
    #expect((reading.prefill, reading.decode, reading.effective) == (nil, 1, 1))
  }

  @Test func aPoolOfOtherRolesCountsAsAWhole() {
    let reading = read([("encode", 5), ("unheard-of", 15)])
    #expect((reading.prefill, reading.decode, reading.effective) == (nil, nil, 2))
  }

  /// A large pool is asked in parts, as far as needed; that must not show.
  @Test func oneIdleEndpointOfManyAnswersForAll() throws {
    let pool = TestPool(300)
    let space = AttributeSpace()
    let scorer = TTFTEstimateScorer(load: InFlightLoadAttributes(space), endpoints: pool.table)
    var saturation = PoolSaturation(scorer, endpoints: pool.table)
    #expect(saturation.read(now: 0).effective == 0)
    for number in 1...300 { pool.reserve(try #require(pool.endpoint(number)), promptTokens: 16_000 + number) }
    scorer.rates.noteRequest(tokens: 16_000, isStreamed: true)
    #expect(saturation.read(now: 0).effective == 16_001.0 / 8_000)
    for number in [300, 5, 170, 64, 65, 128] {
      let endpoint = try #require(pool.endpoint(number))
      pool.endRequests(on: endpoint)
      #expect(saturation.read(now: 0).effective == 0, "only \(number) is idle")
      #expect(saturation.read(now: 0).effective == 0)
      pool.reserve(endpoint, promptTokens: 12_000)
      #expect(saturation.read(now: 0).effective == 1.5)
      pool.endRequests(on: endpoint)
      pool.reserve(endpoint, promptTokens: 24_000)
    }
    #expect(saturation.read(now: 0).effective == 16_001.0 / 8_000)
    // Fewer endpoints, with gaps between their slots, and the idle one where there was another part before.
    pool.table.replaceAll(with: stride(from: 2, through: 200, by: 3).map(TestPool.descriptor))
    let least = saturation.read(now: 0).effective
    #expect(least == 16_002.0 / 8_000)
    let idle = try #require(pool.endpoint(170))
    pool.endRequests(on: idle)
    #expect(saturation.read(now: 0).effective == 0)
    pool.table.replaceAll(with: [])
    #expect(saturation.read(now: 0).effective == 1)
    pool.endRequests()
  }

  @Test func aPoolWithoutEndpointsIsSaturated() {
    #expect(read([]).effective == 1)
  }
}
