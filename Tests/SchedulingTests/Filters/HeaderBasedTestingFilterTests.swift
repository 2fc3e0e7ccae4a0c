import Endpoints
import Scheduling
import Testing

@Suite struct HeaderBasedTestingFilterTests {
  private static let addresses = [
    EndpointAddress(host: "10.0.0.1", port: 8_000), EndpointAddress(host: "10.0.0.1", port: 8_001),
    EndpointAddress(host: "10.0.0.2", port: 8_000), EndpointAddress(host: "fd00::1", port: 8_000),
  ]

  /// Addresses that stay for a value of the header; nil for a request without it.
  private func kept(_ header: String?) -> [String] {
    let table = EndpointTable()
    table.replaceAll(
      with: Self.addresses.map { EndpointDescriptor(id: EndpointID(name: $0.description), address: $0) })
    let cycle = SchedulingCycle(table: table, seed: 1)
    let headers = TestHeaders(header.map { ["test-epp-endpoint-selection": $0] } ?? ["x-other": "10.0.0.1"])
    var request = SchedulingRequest()
    request.headers = headers
    cycle.begin(request, now: 0)
    let keep = HeaderBasedTestingFilter().kept(cycle)
    return keep.indices.filter { keep[$0] }.map { cycle.endpoint($0).addressText }
  }

  @Test(arguments: [
    ("10.0.0.2", ["10.0.0.2:8000"]),
    ("10.0.0.1:8001", ["10.0.0.1:8001"]),
    ("10.0.0.1", ["10.0.0.1:8000"]),
    (" 10.0.0.2 , 10.0.0.1:8001 ", ["10.0.0.1:8001", "10.0.0.2:8000"]),
    ("10.0.0.1:8000,10.0.0.1:8001", ["10.0.0.1:8000"]),
    ("[fd00::1]:8000", ["[fd00::1]:8000"]),
    ("[fd00::1]", ["[fd00::1]:8000"]),
    ("fd00::1", ["[fd00::1]:8000"]),
  ])
  func keepsOneEndpointForEachAddressNamed(header: String, expected: [String]) {
    #expect(kept(header) == expected)
  }

  @Test(arguments: ["", ",", "10.0.0.9", "10.0.0.1:9999", "10.0.0.1:x", "[fd00::1]:1", "[", "]", "[]", ":", "::"])
  func keepsNothingThatIsNotNamed(header: String) {
    #expect(kept(header).isEmpty)
  }

  @Test func keepsNothingWithoutTheHeader() {
    #expect(kept(nil).isEmpty)
    #expect(HeaderBasedTestingFilter().kept(TestPool(3).cycle) == [false, false, false])
  }
}
