import Endpoints
import Testing

@Suite("Changing some endpoints of the set")
struct EndpointUpdateTests {
  @Test("update tells what was added, updated and removed")
  func changes() {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a"), descriptor("b"), descriptor("c")])
    let changes = table.update(
      upserting: [descriptor("d", host: "10.0.0.4"), descriptor("a"), descriptor("b", host: "10.0.0.2")],
      removing: [EndpointID(name: "c"), EndpointID(name: "unknown")])
    #expect(changes.added.map(\.id.name) == ["d"])
    #expect(changes.updated.map(\.id.name) == ["b"])
    #expect(changes.removed.map(\.id.name) == ["c"])
    let version = table.version
    #expect(table.update(upserting: [descriptor("a")], removing: [EndpointID(name: "c")]).isEmpty)
    #expect(table.version == version)
  }

  @Test("a removed endpoint keeps its lease and its slot until the lease ends")
  func leasedSlot() throws {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a")])
    let slot = try #require(table.slot(of: "a"))
    let lease = table.reserve(slot: slot, promptTokens: 3)
    table.update(upserting: [descriptor("b")], removing: [EndpointID(name: "a")])
    #expect(table.slot(of: "b") != slot)
    #expect(table.inFlightRequests(slot: slot) == 1)
    #expect(table.allInFlightRequests == 1)
    lease.release()
    #expect(table.allInFlightRequests == 0)
    table.update(upserting: [descriptor("c")], removing: [])
    #expect(table.slot(of: "c") == slot)
    #expect(table.inFlightRequests(slot: slot) == 0)
  }

  @Test("a table of a pool that is gone stays empty, and its leases end as they always do")
  func closed() throws {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a"), descriptor("b")])
    let slot = try #require(table.slot(of: "a"))
    let lease = table.reserve(slot: slot, promptTokens: 3)
    #expect(table.close().removed.map(\.id.name) == ["a", "b"])
    #expect(table.isClosed)
    #expect(table.update(upserting: [descriptor("c")], removing: []).isEmpty)
    #expect(table.replaceAll(with: [descriptor("c")]).isEmpty)
    #expect(table.snapshot().endpoints.isEmpty)
    #expect(table.inFlightRequests(slot: slot) == 1)
    lease.release()
    #expect(table.inFlightRequests(slot: slot) == 0)
    #expect(table.close().isEmpty)
  }

  /// Steps of random changes lead to the same set and the same look-ups as replacing the whole.
  @Test(arguments: UInt64(1)...20)
  func sameAsReplacingTheWhole(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let stepwise = EndpointTable()
    let whole = EndpointTable()
    var wanted: [String: EndpointDescriptor] = [:]
    for _ in 0..<60 {
      var upserts: [EndpointDescriptor] = []
      var removals: [EndpointID] = []
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let name = "e\(Int.random(in: 0..<12, using: &random))"
        if Bool.random(using: &random), !upserts.contains(where: { $0.id.name == name }) {
          removals.append(EndpointID(name: name))
          wanted[name] = nil
        } else if !removals.contains(EndpointID(name: name)) {
          // Few addresses, so that several endpoints share one.
          let new = descriptor(name, host: "10.0.0.\(Int.random(in: 1...3, using: &random))")
          upserts.append(new)
          wanted[name] = new
        }
      }
      stepwise.update(upserting: upserts, removing: removals)
      whole.replaceAll(with: Array(wanted.values))
      let (left, right) = (stepwise.snapshot(), whole.snapshot())
      #expect(Set(left.endpoints.map(\.id)) == Set(right.endpoints.map(\.id)))
      #expect(left.endpoints.map(\.slot) == left.endpoints.map(\.slot).sorted())
      for host in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        let (found, expected) = (left.indexes(ofHost: host), right.indexes(ofHost: host))
        #expect(Set(found.map { left.endpoints[$0].id }) == Set(expected.map { right.endpoints[$0].id }))
        let one = left.index(ofAddress: "\(host):8000").map { left.endpoints[$0].address.host }
        #expect(one == (expected.isEmpty ? nil : host))
      }
    }
  }
}
