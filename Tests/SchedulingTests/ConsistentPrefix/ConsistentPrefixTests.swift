import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// Replicas that share nothing place prompts with the same beginning alike.
@Suite struct ConsistentPrefixTests {
  private let requests = Requests()

  /// A replica of the picker, with endpoints by number in any order.
  private final class Replica {
    let table = EndpointTable()
    let cycle: SchedulingCycle
    let scheduler: Scheduler

    init(_ endpoints: [Int], _ parameters: String = "{}", scorer: String = "{}", seed: UInt64 = 1) throws {
      table.replaceAll(with: endpoints.map(TestPool.descriptor))
      cycle = SchedulingCycle(table: table, seed: seed)
      scheduler = try load(
        """
        plugins:
        - {type: consistent-prefix-producer, parameters: \(parameters)}
        - {type: consistent-prefix-scorer, parameters: \(scorer)}
        - {type: approx-prefix-cache-producer, parameters: {lruCapacityPerServer: 100000}}
        schedulingProfiles: [{name: default, plugins: [{pluginRef: consistent-prefix-scorer}]}]
        """, endpoints: table
      ).scheduler
    }

    /// Where a request goes.
    func place(_ request: SchedulingRequest) throws -> String {
      cycle.begin(request, now: 0)
      let primary = try scheduler.schedule(cycle)
      let endpoint = cycle.results[primary].endpoints[0]
      scheduler.requestPlaced(cycle, primary: primary)
      return endpoint.addressText
    }

    func setRunning(_ address: String, _ count: Double) {
      for endpoint in table.snapshot().endpoints {
        table.store(endpoint.addressText == address ? count : 0, in: .runningRequests, slot: endpoint.slot)
      }
    }
  }

  private func conversation(_ number: Int, turn: Int = 1) -> String {
    String(repeating: "conversation \(1_000 + number) ", count: 100)
      + String(repeating: "turn \(turn) ", count: 50 * turn)
  }

  @Test func replicasProposeTheSameEndpoints() throws {
    let first = try Replica(Array(1...8), seed: 1)
    let second = try Replica([5, 3, 8, 1, 7, 2, 6, 4], seed: 2)
    var used: Set<String> = []
    for number in 0..<100 {
      let there = try first.place(try requests.chat(conversation(number)))
      // The next turn of the conversation comes to the other replica, which has never seen it.
      #expect(try second.place(try requests.chat(conversation(number, turn: 2))) == there)
      used.insert(there)
    }
    #expect(used.count == 8)
  }

  @Test func onlyPromptsOfAnEndpointThatGoesMove() throws {
    let before = try Replica(Array(1...8))
    let after = try Replica(Array(1...7))
    var moved = 0
    for number in 0..<100 {
      let old = try before.place(try requests.chat(conversation(number)))
      let new = try after.place(try requests.chat(conversation(number)))
      if old == "10.0.0.8:8000" { moved += 1 } else { #expect(new == old) }
    }
    #expect(moved > 0)
  }

  @Test func aBusyEndpointIsPassedOver() throws {
    let replica = try Replica(Array(1...4), "{proposals: 2}", scorer: "{loadBound: 1.5}")
    let usual = try replica.place(try requests.chat(conversation(1)))
    // The mean is 2.5, so up to 4.75 are within the bound.
    let other = try Replica(Array(1...4), "{proposals: 2}", scorer: "{loadBound: 1.5}")
    other.setRunning(usual, 10)
    let second = try other.place(try requests.chat(conversation(1)))
    #expect(second != usual)
    let third = try Replica(Array(1...4), "{proposals: 2}", scorer: "{loadBound: 1.5}", seed: 9)
    third.setRunning(usual, 10)
    #expect(try third.place(try requests.chat(conversation(1))) == second, "the second proposal is the same for all")
  }

  /// With a system prompt that every endpoint has cached, what follows it decides.
  @Test func whatEverybodyHoldsTellsNothing() throws {
    let system = String(repeating: "You are a helpful assistant of the firm. ", count: 100)
    let warm = { (text: String) -> SchedulingRequest in try self.requests.chat(system + text) }
    // The system prompt comes to be cached everywhere: here by hand.
    let index = try Replica(Array(1...8), scorer: "{loadBound: 1}")
    for number in 0..<200 {
      let busiest = try index.place(try warm(conversation(1_000 + number)))
      index.setRunning(busiest, 100)
    }
    index.setRunning("", 0)
    #expect(Set(try (0..<40).map { try index.place(try warm(conversation($0))) }).count > 4)
  }

  @Test func requestsWithoutAPromptAreNotProposed() throws {
    let replica = try Replica(Array(1...3))
    #expect(throws: Never.self) { try replica.place(SchedulingRequest()) }
  }
}
