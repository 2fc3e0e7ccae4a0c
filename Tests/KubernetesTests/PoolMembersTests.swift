import Endpoints
import Testing

import Kubernetes

@Suite struct PoolMembersTests {
  private func members(_ ports: UInt16..., pods: Pod...) -> PoolMembers {
    var members = PoolMembers(namespace: "ns")
    members.setTargetPorts(ports)
    members.replace(with: pods)
    return members
  }

  @Test func podsThatServeAreEndpointsOnEveryPort() {
    var members = members(8_000, 8_001, pods: pod("b", "10.0.0.2"), pod("a", "10.0.0.1"))
    let changes = members.takeChanges()
    #expect(
      changes.upserted.map { "\($0.id) \($0.address) \($0.podName)" } == [
        "ns/a-rank-0 10.0.0.1:8000 a", "ns/a-rank-1 10.0.0.1:8001 a", "ns/b-rank-0 10.0.0.2:8000 b",
        "ns/b-rank-1 10.0.0.2:8001 b",
      ])
    #expect(changes.upserted[0].labels == ["app": "vllm"])
    #expect(changes.removed.isEmpty)
    #expect(members.takeChanges().isEmpty)
  }

  @Test(arguments: [
    pod("a", ready: false), pod("a", terminating: true), pod("a", nil), pod("a", ""),
    Pod(metadata: ObjectMeta(name: "a"), status: nil),
  ])
  func podsThatDoNotServeAreNone(pod: Pod) {
    var members = members(8_000, pods: pod)
    #expect(members.takeChanges().isEmpty)
  }

  @Test func onlyWhatChangedIsTold() {
    var members = members(8_000, pods: pod("a"), pod("b", "10.0.0.2"))
    _ = members.takeChanges()
    members.update(pod("a"))
    #expect(!members.hasChanges)
    members.update(pod("b", "10.0.0.9"))
    let changes = members.takeChanges()
    #expect(changes.upserted.map(\.address.description) == ["10.0.0.9:8000"])
    #expect(changes.removed.isEmpty, "an address changes in place")
    members.update(pod("a", terminating: true))
    #expect(members.takeChanges().removed.map(\.name) == ["a-rank-0"])
  }

  @Test func podsThatGoAndComeBackBetweenTwoLooksAreNotTold() {
    var members = members(8_000, pods: pod("a"))
    _ = members.takeChanges()
    members.remove(pod: "a")
    members.update(pod("a"))
    #expect(members.takeChanges().isEmpty)
  }

  @Test func aNewListDropsWhatItLacks() {
    var members = members(8_000, pods: pod("a"), pod("b", "10.0.0.2"))
    _ = members.takeChanges()
    members.replace(with: [pod("b", "10.0.0.2"), pod("c", "10.0.0.3")])
    let changes = members.takeChanges()
    #expect(changes.removed.map(\.name) == ["a-rank-0"])
    #expect(changes.upserted.map(\.id.name) == ["c-rank-0"])
  }

  @Test func portsThatChangeKeepTheRanks() {
    var members = members(8_000, 8_001, pods: pod("a"))
    _ = members.takeChanges()
    members.setTargetPorts([9_000])
    let changes = members.takeChanges()
    #expect(changes.upserted.map { "\($0.id.name) \($0.address.port)" } == ["a-rank-0 9000"])
    #expect(changes.removed.map(\.name) == ["a-rank-1"])
  }

  @Test(arguments: [
    ("8001", ["a-rank-1"]), (" 8000 , 8001 ", ["a-rank-0", "a-rank-1"]), ("", []), ("8001,8001", ["a-rank-1"]),
    ("9,x,-8000,0", []), ("8001abc", ["a-rank-1"]), ("99999999999999999999,8000", ["a-rank-0"]),
  ])
  func activePorts(text: String, ranks: [String]) {
    for key in ["inference.networking.k8s.io/active-ports", "llm-d.ai/active-ports"] {
      var members = members(8_000, 8_001, pods: pod("a", annotations: [key: text]))
      #expect(members.takeChanges().upserted.map(\.id.name) == ranks)
    }
  }

  @Test func theNewerAnnotationGoesFirst() {
    let both = ["inference.networking.k8s.io/active-ports": "8000", "llm-d.ai/active-ports": "8001"]
    var members = members(8_000, 8_001, pods: pod("a", annotations: both))
    #expect(members.takeChanges().upserted.map(\.id.name) == ["a-rank-1"])
  }

  /// Whatever happens, applying the changes leads to what a fresh look at the pods would give.
  @Test(arguments: UInt64(1)...20)
  func changesAddUpToTheWhole(seed: UInt64) {
    var random = Generator(state: seed)
    var members = members(8_000, 8_001)
    var pods: [String: Pod] = [:]
    var applied: [EndpointID: EndpointDescriptor] = [:]
    var ports: [UInt16] = [8_000, 8_001]
    for _ in 0..<300 {
      let name = "p\(Int.random(in: 0..<8, using: &random))"
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        pods[name] = nil
        members.remove(pod: name)
      case 1:
        ports = [[8_000], [8_000, 8_001], [9_000, 8_001, 7_000]][Int.random(in: 0..<3, using: &random)]
        members.setTargetPorts(ports)
      case 2:
        members.replace(with: Array(pods.values))
      case 3...4:
        let changes = members.takeChanges()
        for id in changes.removed { #expect(applied.removeValue(forKey: id) != nil) }
        for descriptor in changes.upserted { applied[descriptor.id] = descriptor }
        var fresh = PoolMembers(namespace: "ns")
        fresh.setTargetPorts(ports)
        fresh.replace(with: Array(pods.values))
        let whole = Dictionary(uniqueKeysWithValues: fresh.takeChanges().upserted.map { ($0.id, $0) })
        #expect(applied == whole)
      default:
        let new = pod(
          name, "10.0.0.\(Int.random(in: 1...3, using: &random))", ready: Bool.random(using: &random),
          annotations: Bool.random(using: &random) ? nil : ["llm-d.ai/active-ports": "8001"])
        pods[name] = new
        members.update(new)
      }
    }
  }
}

struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
