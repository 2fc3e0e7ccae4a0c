import Testing

import Kubernetes

@Suite struct ReflectorMachineTests {
  typealias Outcome = ReflectorMachine.Outcome

  @Test func listOfPagesThenAWatch() {
    var machine = ReflectorMachine(triesStreamList: false)
    #expect(machine.step == .list(continueToken: nil))
    var next = machine.next(after: .page(resourceVersion: "7", continueToken: "more"), random: 0)
    #expect(next.step == .list(continueToken: "more"))
    next = machine.next(after: .page(resourceVersion: "7", continueToken: nil), random: 0)
    #expect(next == .init(step: .watch(from: "7")))
  }

  @Test func watchIsTakenUpFromTheLastVersionSeen() {
    var machine = watching("7")
    machine.saw(resourceVersion: "8")
    machine.saw(resourceVersion: "12")
    #expect(machine.next(after: .watchEnded(hadEvents: true), random: 0) == .init(step: .watch(from: "12")))
    #expect(machine.next(after: .watchBroke, random: 0).step == .watch(from: "12"))
    #expect(machine.next(after: .failed, random: 0).step == .watch(from: "12"))
    #expect(machine.next(after: .refused(code: 500, retryAfter: nil), random: 0).step == .watch(from: "12"))
  }

  @Test func versionTooOldLeadsToANewList() {
    var machine = watching("7")
    let next = machine.next(after: .refused(code: 410, retryAfter: nil), random: 0)
    #expect(next.step == .list(continueToken: nil))
    #expect(next.discardsCollected)
  }

  /// A page's token that is too old: what was collected is of another version.
  @Test func tokenTooOldBeginsTheListAnew() {
    var machine = ReflectorMachine(triesStreamList: false)
    _ = machine.next(after: .page(resourceVersion: "7", continueToken: "more"), random: 0)
    let next = machine.next(after: .refused(code: 410, retryAfter: nil), random: 0)
    #expect(next.step == .list(continueToken: nil))
    #expect(next.discardsCollected)
  }

  @Test func failedPageBeginsTheListAnew() {
    var machine = ReflectorMachine(triesStreamList: false)
    _ = machine.next(after: .page(resourceVersion: "7", continueToken: "more"), random: 0)
    let next = machine.next(after: .failed, random: 0)
    #expect(next.step == .list(continueToken: nil))
    #expect(next.discardsCollected && next.delay > 0)
  }

  @Test func initialEventsThenTheSameWatch() {
    var machine = ReflectorMachine()
    #expect(machine.step == .streamList)
    machine.saw(resourceVersion: "20")
    machine.initialEventsEnded()
    #expect(machine.step == .watch(from: "20"))
    #expect(machine.next(after: .watchEnded(hadEvents: true), random: 0) == .init(step: .watch(from: "20")))
  }

  @Test(arguments: [
    Outcome.refused(code: 422, retryAfter: nil), .refused(code: 400, retryAfter: nil), .watchBroke,
    .watchEnded(hadEvents: true),
  ])
  func serversWithoutInitialEventsAreListed(outcome: Outcome) {
    var machine = ReflectorMachine()
    let next = machine.next(after: outcome, random: 0)
    #expect(next.step == .list(continueToken: nil))
    #expect(next.discardsCollected)
    _ = machine.next(after: .page(resourceVersion: "7", continueToken: nil), random: 0)
    #expect(machine.next(after: .refused(code: 410, retryAfter: nil), random: 0).step == .list(continueToken: nil))
  }

  @Test func unreachableServersAreStillAskedForInitialEvents() {
    var machine = ReflectorMachine()
    #expect(machine.next(after: .failed, random: 0).step == .streamList)
  }

  @Test func kindThatIsNotKnownIsLookedForNowAndThen() {
    var machine = ReflectorMachine()
    for _ in 0..<5 {
      let next = machine.next(after: .refused(code: 404, retryAfter: nil), random: 0)
      #expect(next.isAbsent)
      #expect(next.delay == ReflectorMachine.absencePause)
    }
  }

  @Test func pausesGrowUpToHalfAMinuteAndAreForgottenWithSuccess() {
    var machine = watching("7")
    var pauses: [Double] = []
    for _ in 0..<10 { pauses.append(machine.next(after: .failed, random: 0).delay) }
    #expect(pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])
    #expect(machine.next(after: .failed, random: 1).delay == 15)
    machine.saw(resourceVersion: "8")
    #expect(machine.next(after: .failed, random: 0).delay == 0.2)
  }

  @Test func serversSayHowLongToWait() {
    var machine = watching("7")
    #expect(machine.next(after: .refused(code: 429, retryAfter: 5), random: 0).delay == 5)
  }

  /// Ends at once, again and again: not a busy loop.
  @Test func emptyWatchesArePaced() {
    var machine = watching("7")
    let pauses = (0..<4).map { _ in machine.next(after: .watchEnded(hadEvents: false), random: 0).delay }
    #expect(pauses == [0.2, 0.4, 0.8, 1.6])
  }

  @Test func watchThatNobodyCanReadIsGivenUpForAList() {
    var machine = watching("7")
    let steps = (0..<ReflectorMachine.patience).map { _ in machine.next(after: .watchBroke, random: 0).step }
    #expect(steps.dropLast().allSatisfy { $0 == .watch(from: "7") })
    #expect(steps.last == .list(continueToken: nil))
  }

  private func watching(_ version: String) -> ReflectorMachine {
    var machine = ReflectorMachine(triesStreamList: false)
    _ = machine.next(after: .page(resourceVersion: version, continueToken: nil), random: 0)
    return machine
  }
}
