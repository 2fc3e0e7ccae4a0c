import FoundationEssentials
import Testing

import Kubernetes

/// Elections among several processes that see one lease, with a clock that the test moves.
@Suite struct LeaseElectionTests {
  /// The server's side: the lease, and what each process does with it.
  private struct Server {
    var lease: LeaseObject.Spec?

    mutating func step(_ election: inout LeaseElection, now: Double) {
      switch election.action(after: lease, now: now, time: "t\(now)") {
      case .wait: break
      case .create(let new), .update(let new):
        lease = new
        election.wrote(new, now: now)
      }
    }
  }

  @Test func theFirstLeadsAndTheOthersWait() {
    var server = Server()
    var first = LeaseElection(identity: "a")
    var second = LeaseElection(identity: "b")
    server.step(&first, now: 0)
    #expect(first.isLeader)
    for now in stride(from: 1.0, to: 60, by: 2) {
      server.step(&second, now: now)
      server.step(&first, now: now + 0.5)
      #expect(first.isLeader && !second.isLeader)
    }
    #expect(server.lease?.leaseTransitions == 0)
    #expect(server.lease?.leaseDurationSeconds == 15)
    #expect(server.lease?.acquireTime == "t0.0", "renewing does not change since when")
  }

  /// The reference's timing: a lease that is not renewed may be taken after 15 s, by the taker's own clock.
  @Test func leaseOfACrashedLeaderIsTakenAfterItsDuration() {
    var server = Server()
    var first = LeaseElection(identity: "a")
    var second = LeaseElection(identity: "b")
    server.step(&first, now: 1_000)
    server.step(&second, now: 7)
    var taken = 0.0
    for now in stride(from: 9.0, to: 40, by: 2) where taken == 0 {
      server.step(&second, now: now)
      if second.isLeader { taken = now }
    }
    #expect(taken == 23, "the first try at or after 7 + 15")
    #expect(server.lease?.leaseTransitions == 1)
    server.step(&first, now: 1_030)
    #expect(!first.isLeader, "the old leader sees that another leads")
  }

  @Test func leaseThatIsGivenBackIsTakenAtOnce() throws {
    var server = Server()
    var first = LeaseElection(identity: "a")
    var second = LeaseElection(identity: "b")
    server.step(&first, now: 0)
    server.step(&second, now: 1)
    #expect(second.released(time: "t") == nil, "who does not lead has nothing to give back")
    let released = try #require(first.released(time: "t"))
    #expect(released.holderIdentity?.isEmpty == true)
    #expect(released.leaseDurationSeconds == 1)
    server.lease = released
    server.step(&second, now: 3)
    #expect(second.isLeader)
  }

  @Test func leaderThatCannotRenewSteppsDownBeforeItsLeaseEnds() {
    var server = Server()
    var leader = LeaseElection(identity: "a")
    server.step(&leader, now: 0)
    leader.failed(now: 9.9)
    #expect(leader.isLeader)
    leader.failed(now: 10)
    #expect(!leader.isLeader)
  }

  @Test func timesHaveSixDigits() {
    let text = MicroTime.text(Date(timeIntervalSince1970: 1_767_225_610.25))
    #expect(text == "2026-01-01T00:00:10.250000Z")
  }

  @Test func leaseNames() {
    #expect(
      LeaderElector.leaseName(namespace: "ns", pool: "p", suffix: "llm-d.ai") == "epp-ns-p.llm-d.ai")
  }
}
