import EndpointPicker
import GRPC
import Testing

/// When the process is ready, by what is known of its pools.
@Suite struct PoolReadinessTests {
  private let health = HealthStatus(answersOnlyListedNames: true)
  private let readiness: Readiness

  init() { readiness = Readiness(health, takes: [.poolSynced]) }

  private func pools(_ names: String..., awaitsSelection: Bool = false) -> PoolReadiness {
    PoolReadiness(readiness, health: health, names: names, awaitsSelection: awaitsSelection)
  }

  @Test func onePoolMakesTheProcessReadyAndTakesItBack() {
    let pools = pools("a")
    pools.set(.found, of: "a")
    #expect(!health.isReady)
    pools.setSynced(true, of: "a")
    #expect(health.isReady)
    // A change of the pool is no news.
    pools.set(.found, of: "a")
    #expect(health.isReady)
    pools.setSynced(false, of: "a")
    pools.set(.absent, of: "a")
    #expect(!health.isReady)
    pools.set(.found, of: "a")
    pools.setSynced(true, of: "a")
    #expect(health.isReady)
  }

  @Test func atFirstAllPoolsThatThereAreMustBeKnown() {
    let pools = pools("a", "b", "c")
    pools.setSynced(true, of: "a")
    pools.set(.absent, of: "b")
    #expect(!health.isReady)
    pools.set(.found, of: "c")
    #expect(!health.isReady)
    pools.setSynced(true, of: "c")
    #expect(health.isReady)
    #expect(["a", "b", "c"].map(health.status) == [.serving, .notServing, .serving])
  }

  @Test func laterOneIsEnough() {
    let pools = pools("a", "b")
    pools.setSynced(true, of: "a")
    pools.setSynced(true, of: "b")
    pools.setSynced(false, of: "a")
    pools.set(.absent, of: "a")
    #expect(health.isReady)
    #expect(health.status(of: "a") == .notServing)
    pools.set(.found, of: "a")
    #expect(health.isReady)
    pools.setSynced(false, of: "b")
    #expect(!health.isReady)
  }

  @Test func poolsThatAreAllMissingMakeNobodyReady() {
    let pools = pools("a", "b")
    pools.set(.absent, of: "a")
    pools.set(.absent, of: "b")
    #expect(!health.isReady)
    pools.set(.found, of: "b")
    pools.setSynced(true, of: "b")
    #expect(health.isReady)
  }

  @Test func selectedPoolsAreNamedFirst() {
    let pools = pools(awaitsSelection: true)
    pools.set(.awaited, of: "a")
    pools.setSynced(true, of: "a")
    #expect(!health.isReady)
    pools.set(.awaited, of: "b")
    pools.selectionIsKnown()
    #expect(!health.isReady)
    pools.setSynced(true, of: "b")
    #expect(health.isReady)
    pools.set(.awaited, of: "c")
    #expect(health.isReady)
    pools.forget("b")
    #expect(health.status(of: "b") == .serviceUnknown)
    pools.forget("a")
    #expect(!health.isReady)
  }
}
