import ExtProc
import FlowControl

/// What a call needs to go on when its request's turn has come.
struct AwaitedTurn {
  /// Where the request waits.
  let controller: FlowController
  let ticket: FlowTicket
  let resumption: Director.Resumption
  let basis: StreamMachine.PickBasis
}
