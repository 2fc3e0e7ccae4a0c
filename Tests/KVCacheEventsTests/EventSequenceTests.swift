import KVCacheEvents
import Testing

@Suite struct EventSequenceTests {
  @Test func tellsGapsAndRestartsFromTheNextMessage() {
    var sequence = EventSequence()
    #expect(sequence.advance(to: 40) == .next)
    #expect(sequence.advance(to: 41) == .next)
    #expect(sequence.advance(to: 45) == .gap(lost: 3))
    #expect(sequence.advance(to: 0) == .restart)
    #expect(sequence.advance(to: 1) == .next)
    #expect(sequence.advance(to: 1) == .repeated)
    #expect(sequence.advance(to: .max) == .gap(lost: .max - 2))
    #expect(sequence.advance(to: 0) == .restart)
  }
}
