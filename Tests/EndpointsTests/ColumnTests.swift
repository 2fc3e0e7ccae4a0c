import Endpoints
import Testing

@Suite("Columns of endpoints")
struct ColumnTests {
  private let table: EndpointTable

  init() {
    table = EndpointTable()
    table.replaceAll(with: (0..<3).map { descriptor("e\($0)") })
  }

  @Test("a column has one identity per name, and NaN where nothing was stored")
  func registration() throws {
    let column = try #require(table.column(named: "gpu"))
    #expect(table.column(named: "gpu") == column)
    #expect(table.column(named: "cpu") != column)
    #expect(table.value(column, slot: 2).isNaN)
    table.store(0.5, in: column, slot: 2)
    table.replaceAll(with: (0..<4).map { descriptor("e\($0)") })
    #expect(table.value(column, slot: 2) == 0.5)
    #expect(table.value(column, slot: 3).isNaN, "endpoints added later have no value either")
    #expect(table.value(.kvCacheUsage, slot: 3) == 0)
  }

  @Test("there is a limit to columns, which does not cost the ones that exist")
  func limit() throws {
    let first = try #require(table.column(named: "c0"))
    var index = 1
    while table.column(named: "c\(index)") != nil, index < 1_000 { index += 1 }
    #expect(index < 1_000)
    #expect(table.column(named: "c0") == first)
  }

  @Test("copies have every slot's value, pending and in-flight counts as numbers")
  func copies() {
    for slot in 0..<3 { table.store(Double(slot) + 0.25, in: .kvCacheUsage, slot: slot) }
    let early = [
      LeaseBox(table.reserve(slot: 1, promptTokens: 100)), LeaseBox(table.reserve(slot: 2, promptTokens: 7)),
    ]
    table.scrapeStarted(slot: 1)
    let late = LeaseBox(table.reserve(slot: 1, promptTokens: 1))
    func copied(_ copy: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 3) { values in
        values.initialize(repeating: -1)
        if let start = values.baseAddress { copy(start) }
        return Array(values)
      }
    }
    #expect(copied { table.copy(.kvCacheUsage, slots: 0..<3, into: $0) } == [0.25, 1.25, 2.25])
    #expect(copied { table.copyPendingRequests(slots: 0..<3, into: $0) } == [0, 2, 1])
    #expect(copied { table.copyInFlightRequests(slots: 0..<3, into: $0) } == [0, 2, 1])
    #expect(copied { table.copyInFlightTokens(slots: 0..<3, into: $0) } == [0, 101, 7])
    table.scrapeSucceeded(slot: 1)
    #expect(copied { table.copyPendingRequests(slots: 0..<3, into: $0) } == [0, 1, 1])
    #expect(copied { table.copyInFlightRequests(slots: 0..<2, into: $0) } == [0, 2, -1], "others stay")
    #expect(copied { table.copy(.kvCacheUsage, slots: 1..<3, into: $0) } == [1.25, 2.25, -1])
    #expect(copied { table.copyPendingRequests(slots: 1..<3, into: $0) } == [1, 1, -1])
    #expect(copied { table.copyInFlightRequests(slots: 1..<3, into: $0) } == [2, 1, -1])
    #expect(copied { table.copyInFlightTokens(slots: 1..<2, into: $0) } == [101, -1, -1])
    for box in early + [late] { box.release() }
  }

  @Test("IPv6 addresses are bracketed on the wire")
  func addresses() {
    #expect(EndpointAddress(host: "fd00::1", port: 80).description == "[fd00::1]:80")
    #expect(EndpointAddress(host: "10.1.2.3", port: 65_535).description == "10.1.2.3:65535")
  }
}
