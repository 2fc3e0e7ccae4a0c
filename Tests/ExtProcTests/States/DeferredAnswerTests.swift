import ExtProc
import Testing

/// Picking may take a while: what arrives in the meantime is answered afterwards.
struct DeferredAnswerTests {
  @Test func trailersAreAnsweredAfterThePick() {
    var machine = StreamMachine(maxBodyBytes: 100)
    _ = machine.receivedHeaders(.request, endOfStream: false)
    _ = machine.receivedBody(.request, byteCount: 5, endOfStream: true)
    #expect(machine.isPicking)
    #expect(machine.receivedTrailers(.request) == .none)
    machine.picked()
    #expect(!machine.isPicking)
    #expect(machine.takeDeferred() == StreamMachine.Deferred(bodyPieces: 0, hasTrailers: true))
    #expect(machine.takeDeferred() == StreamMachine.Deferred())
    #expect(machine.receivedTrailers(.request) == .answerTrailers(.request))
  }

  @Test func piecesOfAStreamedBodyAreAcknowledgedAfterThePick() {
    var machine = StreamMachine(maxBodyBytes: 100)
    machine.received(BodyModes(request: .streamed, response: .streamed))
    #expect(machine.receivedHeaders(.request, endOfStream: false) == .pick(.headersBeforeBody))
    #expect(machine.receivedBody(.request, byteCount: 5, endOfStream: false) == .none)
    #expect(machine.receivedBody(.request, byteCount: 0, endOfStream: true) == .none)
    machine.picked()
    #expect(machine.takeDeferred() == StreamMachine.Deferred(bodyPieces: 2, hasTrailers: false))
    #expect(machine.receivedBody(.request, byteCount: 5, endOfStream: false) == .acknowledgeBody(.request))
  }

  @Test func aLocalReplyEndsThePick() {
    var machine = StreamMachine(maxBodyBytes: 100)
    _ = machine.receivedHeaders(.request, endOfStream: true)
    #expect(machine.isPicking)
    #expect(machine.receivedHeaders(.response, endOfStream: true) == .answerResponseHeaders)
    #expect(!machine.isPicking)
  }
}
