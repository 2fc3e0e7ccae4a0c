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

  @Test func aPoolWithoutEndpointsIsSaturated() {
    #expect(read([]).effective == 1)
  }
}
