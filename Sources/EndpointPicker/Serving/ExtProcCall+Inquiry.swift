import ExtProc
import GRPC
import Scheduling

/// What a call waits for while plugins ask other processes about its request, or while it is not its turn.
struct AwaitedAnswer {
  /// Tells the answer from those that other requests of the same call object were waiting for.
  let number: UInt64
  /// Carries the question out; nil until it is on its way.
  var ticket: Inquirer.Ticket?
  /// The request waits for its turn; nil when it waits for an answer.
  var turn: AwaitedTurn?
  /// The proxy has said everything: the stream ends with the answer to the request.
  var finishesAfterwards = false
}

/// Questions of plugins about the request: the call waits, its event loop does not.
///
/// The stream may end in the meantime, messages may arrive, and the call object may serve another stream by the time the
/// answer comes.
extension ExtProcCall {
  /// Has a question carried out, after which the request is decided from the beginning.
  func ask(_ inquiry: Inquiry, _ resumption: Director.Resumption, _ basis: StreamMachine.PickBasis) {
    loop.inquiryCount &+= 1
    let number = loop.inquiryCount
    awaited = AwaitedAnswer(number: number)
    do throws(InquiryError) {
      guard let inquirer = loop.inquirer else { throw InquiryError("no client for inquiries") }
      let ticket = try inquirer.ask(inquiry) { [self] answer in
        received(answer, number: number, resumption, basis)
      }
      // A client that is shut down answers before it returns.
      if awaited?.number == number { awaited?.ticket = ticket }
    } catch {
      awaited = nil
      loop.instruments.inquiryEnded(.failed)
      resume(InquiryAnswer(to: inquiry, .failure(error.description)), resumption, basis)
    }
  }

  private func received(
    _ answer: InquiryAnswer, number: UInt64, _ resumption: Director.Resumption, _ basis: StreamMachine.PickBasis
  ) {
    guard let awaited, awaited.number == number else { return }
    // What the proxy said before it went away is answered as if it had waited.
    let finishes = awaited.finishesAfterwards
    self.awaited = nil
    loop.instruments.inquiryEnded(.init(answer))
    loop.arena.reset()
    resume(answer, resumption, basis)
    guard finishes else { return }
    if self.awaited != nil { self.awaited?.finishesAfterwards = true } else { finish(.ok) }
  }

  private func resume(
    _ answer: InquiryAnswer, _ resumption: Director.Resumption, _ basis: StreamMachine.PickBasis
  ) {
    // The proxy may have answered by itself, or the request have been refused.
    guard machine.isPicking else { return }
    var resumption = resumption
    resumption.answers.append(answer)
    decide(basis, resumption)
  }

  /// Waits no longer: the request is over.
  func stopAwaiting() {
    guard let awaited else { return }
    self.awaited = nil
    if let turn = awaited.turn { return leave(turn) }
    loop.instruments.inquiryEnded(.cancelled)
    awaited.ticket?.cancel()
  }

  /// Answers what arrived while the call waited.
  func answerDeferred() {
    let deferred = machine.takeDeferred()
    for _ in 0..<deferred.bodyPieces { send(loop.answers.requestBody) }
    if deferred.hasTrailers { send(loop.answers.requestTrailers) }
  }
}
