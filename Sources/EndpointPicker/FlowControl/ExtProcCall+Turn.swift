import ExtProc
import FlowControl
import NIOCore

/// Waiting for the request's turn: the call waits in a queue of its pool, its event loop does not.
extension ExtProcCall {
  /// Whom the queues tell of the turn of the request at hand. The call object may serve another one by then, which the
  /// number tells.
  func makeWaiter() -> FlowController.Waiter {
    loop.inquiryCount &+= 1
    let number = loop.inquiryCount
    let call = NIOLoopBound(self, eventLoop: loop.eventLoop)
    return FlowController.Waiter(eventLoop: loop.eventLoop) { outcome in call.value.turnCame(outcome, number: number) }
  }

  /// Waits. Call right after the waiter was made.
  func wait(_ ticket: FlowTicket, _ resumption: Director.Resumption, _ basis: StreamMachine.PickBasis) {
    guard let controller = pool?.flow else { return }
    awaited = AwaitedAnswer(number: loop.inquiryCount)
    awaited?.turn = AwaitedTurn(controller: controller, ticket: ticket, resumption: resumption, basis: basis)
  }

  private func turnCame(_ outcome: FlowOutcome, number: UInt64) {
    guard let awaited, awaited.number == number, let turn = awaited.turn else { return }
    // What the proxy said before it went away is answered as if it had waited.
    let finishes = awaited.finishesAfterwards
    self.awaited = nil
    let waited = left(turn, outcome)
    guard machine.isPicking else { return }
    loop.arena.reset()
    var resumption = turn.resumption
    resumption.turn?.ticket = nil
    resumption.turn?.outcome = outcome
    resumption.turn?.waitedNanoseconds = waited
    decide(turn.basis, resumption)
    guard finishes else { return }
    if self.awaited != nil { self.awaited?.finishesAfterwards = true } else { finish(.ok) }
  }

  /// Waits no longer: the request is over.
  func leave(_ turn: AwaitedTurn) {
    turn.controller.leave(turn.ticket)
    left(turn, .evictedContextCancelled)
  }

  /// - Returns: how long the request waited, in nanoseconds.
  @discardableResult
  private func left(_ awaited: AwaitedTurn, _ outcome: FlowOutcome) -> UInt64 {
    guard let turn = awaited.resumption.turn else { return 0 }
    let waited = loop.clock.nanoseconds() &- turn.enqueuedAt
    if let model { loop.flow?.left(model, bytes: turn.bytes, outcome, nanoseconds: waited) }
    return waited
  }
}
