import Endpoints
import Testing

@Suite("The set of endpoints")
struct EndpointSetTests {
  @Test("replaceAll tells what was added, updated and removed")
  func changes() {
    let table = EndpointTable()
    let first = table.replaceAll(with: [descriptor("a"), descriptor("b"), descriptor("c")])
    #expect(first.added.map(\.id.name) == ["a", "b", "c"])
    #expect(first.updated.isEmpty && first.removed.isEmpty)

    let second = table.replaceAll(with: [
      descriptor("d"), descriptor("c", labels: ["x": "y"]), descriptor("a"),
    ])
    #expect(second.added.map(\.id.name) == ["d"])
    #expect(second.updated.map(\.id.name) == ["c"])
    #expect(second.updated.first?.labels == ["x": "y"])
    #expect(second.removed.map(\.id.name) == ["b"])

    let version = table.version
    #expect(table.replaceAll(with: [descriptor("a"), descriptor("c", labels: ["x": "y"]), descriptor("d")]).isEmpty)
    #expect(table.version == version, "nothing changed, so event loops keep their snapshot")
  }

  @Test("of descriptors with the same identity the last one counts")
  func lastWins() {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a", host: "10.0.0.1"), descriptor("a", host: "10.0.0.2")])
    #expect(table.snapshot().endpoints.map(\.address.host) == ["10.0.0.2"])
  }

  @Test("an endpoint keeps its slot, values and counters when its address changes")
  func addressChange() throws {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a"), descriptor("b")])
    let slot = try #require(table.slot(of: "b"))
    table.store(7, in: .waitingQueueSize, slot: slot)
    let lease = table.reserve(slot: slot, promptTokens: 5)
    table.replaceAll(with: [descriptor("b", host: "10.0.0.9"), descriptor("a")])
    #expect(table.slot(of: "b") == slot)
    #expect(table.value(.waitingQueueSize, slot: slot) == 7)
    #expect(table.inFlightRequests(slot: slot) == 1)
    let snapshot = table.snapshot()
    #expect(snapshot.index(ofAddress: "10.0.0.9:8000").map { snapshot.endpoints[$0].id.name } == "b")
    #expect(snapshot.indexes(ofHost: "10.0.0.1").map { snapshot.endpoints[$0].id.name } == ["a"])
    lease.release()
  }

  @Test("a slot with a lease is not given to another endpoint; without one it is, with fresh values")
  func leasedSlot() throws {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a")])
    let slot = try #require(table.slot(of: "a"))
    table.store(3, in: .runningRequests, slot: slot)
    let lease = table.reserve(slot: slot, promptTokens: 10)
    table.replaceAll(with: [descriptor("b")])
    #expect(table.slot(of: "b") != slot)
    lease.release()
    table.replaceAll(with: [descriptor("b"), descriptor("c")])
    #expect(table.slot(of: "c") == slot)
    #expect(table.value(.runningRequests, slot: slot) == 0)
    #expect(table.pendingRequests(slot: slot) == 0)
  }

  @Test("a held slot is not given to another endpoint, and a removed endpoint cannot be held")
  func heldSlot() throws {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a")])
    let endpoint = try #require(table.snapshot().endpoints.first)
    let holder = HoldBox(table.hold(endpoint))
    #expect(holder.slot == endpoint.slot)
    table.replaceAll(with: [descriptor("b")])
    #expect(table.slot(of: "b") != endpoint.slot)
    #expect(HoldBox(table.hold(endpoint)).slot == nil)
    holder.end()
    table.replaceAll(with: [descriptor("b"), descriptor("c")])
    #expect(table.slot(of: "c") == endpoint.slot)
  }

  @Test("a request placed by an old snapshot in a slot that changed hands leaves no trace")
  func staleReserve() throws {
    let table = EndpointTable()
    table.replaceAll(with: [descriptor("a"), descriptor("b")])
    let slot = try #require(table.slot(of: "b"))
    table.replaceAll(with: [])
    table.replaceAll(with: [descriptor("c")])
    // The slot of `b` is free from here on, but an event loop may still have the old snapshot.
    let stale = table.reserve(slot: slot, promptTokens: 4)
    table.scrapeStarted(slot: slot)
    table.replaceAll(with: [descriptor("c"), descriptor("d")])
    #expect(table.slot(of: "d") == slot)
    #expect(table.pendingRequests(slot: slot) == 0)
    let own = table.reserve(slot: slot, promptTokens: 1)
    stale.release()
    #expect(table.inFlightRequests(slot: slot) == 1)
    #expect(table.inFlightTokens(slot: slot) == 1)
    #expect(table.pendingRequests(slot: slot) == 1)
    own.release()
    #expect(table.inFlightRequests(slot: slot) == 0)
  }

  @Test("endpoints beyond the capacity are refused and come in when there is room")
  func capacity() {
    let table = EndpointTable()
    let all = (0...EndpointTable.capacity).map { descriptor("e\($0)") }
    #expect(table.replaceAll(with: all).refused.map(\.name) == ["e\(EndpointTable.capacity)"])
    #expect(table.replaceAll(with: Array(all.dropFirst())).added.map(\.id.name) == ["e\(EndpointTable.capacity)"])
  }

  @Test("over random changes slots stay, are unique, and never move under a lease", arguments: [1, 2, 3] as [UInt64])
  func randomChanges(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let table = EndpointTable()
    let names = (0..<12).map { "e\($0)" }
    var slots: [String: Int] = [:]
    var leases: [(slot: Int, box: LeaseBox)] = []
    for _ in 0..<400 {
      let wanted = names.filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
      let leased = Set(leases.map(\.slot))
      table.replaceAll(with: wanted.map { descriptor($0) })
      let snapshot = table.snapshot()
      var next: [String: Int] = [:]
      for endpoint in snapshot.endpoints { next[endpoint.id.name] = endpoint.slot }
      #expect(Set(next.keys) == Set(wanted))
      #expect(Set(next.values).count == wanted.count)
      #expect(snapshot.endpoints.map(\.slot) == snapshot.endpoints.map(\.slot).sorted())
      #expect(snapshot.slotBound == (next.values.max() ?? -1) + 1)
      #expect(snapshot.isDense == (Set(next.values) == Set(0..<snapshot.slotBound)))
      for (name, slot) in next {
        if let before = slots[name] {
          #expect(before == slot, "an endpoint that stays keeps its slot")
        } else {
          #expect(!leased.contains(slot), "a leased slot is not given away")
        }
        #expect(snapshot.endpoint(inSlot: slot)?.id.name == name)
      }
      slots = next
      if let slot = next.values.sorted().randomElement(using: &random) {
        leases.append((slot, LeaseBox(table.reserve(slot: slot, promptTokens: 1))))
      }
      if leases.count > 6 { leases.remove(at: Int.random(in: 0..<leases.count, using: &random)).box.release() }
    }
    for lease in leases { lease.box.release() }
    for slot in 0..<32 where slots.values.contains(slot) { #expect(table.inFlightRequests(slot: slot) == 0) }
  }
}
