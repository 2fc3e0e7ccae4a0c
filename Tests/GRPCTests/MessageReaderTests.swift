import ByteStorage
import GRPC
import GRPCFraming
import Testing

/// Messages come out as they went in, however the transport cut them.
@Suite struct MessageReaderTests {
  private static let cap = 64 << 20

  /// What a reader made of a run of pieces.
  private struct Outcome {
    var messages: [[UInt8]] = []
    var tooLarge: Int?
    var isCompressed = false
  }

  /// Feeds the pieces, each from memory of its own that ends with it.
  private func read(
    _ pieces: some Sequence<ArraySlice<UInt8>>, _ reader: inout GRPCMessageReader, maxMessageBytes: Int = cap,
    taking takesBlocks: Bool = false
  ) -> Outcome {
    var outcome = Outcome()
    for piece in pieces {
      let copy = Array(piece)
      let goesOn = copy.withUnsafeBytes { bytes in
        var rest = bytes
        while true {
          switch reader.next(in: &rest, maxMessageBytes: maxMessageBytes) {
          case .needsBytes:
            return rest.isEmpty
          case .message(let message):
            outcome.messages.append(Array(message))
            if takesBlocks, let block = reader.takeBlock() {
              outcome.messages[outcome.messages.count - 1] = Array(block.bytes)
            }
          case .tooLarge(let announced):
            outcome.tooLarge = announced
            return false
          case .compressed:
            outcome.isCompressed = true
            return false
          }
        }
      }
      guard goesOn else { break }
    }
    return outcome
  }

  private func cut(
    _ bytes: [UInt8], longest: Int, using random: inout SeededGenerator
  ) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let end = min(start + Int.random(in: 1...longest, using: &random), bytes.count)
      pieces.append(bytes[start..<end])
      start = end
    }
    return pieces
  }

  @Test(arguments: 0..<16)
  func anySplitGivesTheSameMessages(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var reader = GRPCMessageReader()
    for _ in 0..<25 {
      let messages = (0..<Int.random(in: 0...20, using: &random)).map { number in
        let size = [0, 1, 4, 5, 6, 200, 5_000, 70_000].randomElement(using: &random) ?? 0
        return pattern(Int.random(in: 0...max(size, 1), using: &random), seed: number)
      }
      let bytes = messages.flatMap { framed($0) }
      let longest = [1, 7, 100, 4_000, 200_000].randomElement(using: &random) ?? 1
      let outcome = read(cut(bytes, longest: longest, using: &random), &reader)
      #expect(outcome.messages.count == messages.count)
      #expect(Digest(outcome.messages) == Digest(messages))
      #expect(outcome.messages.map(\.count) == messages.map(\.count))
      #expect(!reader.isInsideMessage)
    }
  }

  /// A message that was assembled can be taken over with its memory, and the next one is not disturbed by that.
  @Test func assembledMessagesCanBeTakenOver() {
    var random = SeededGenerator(seed: 3)
    var reader = GRPCMessageReader()
    let messages = (0..<50).map { pattern(1_000 * $0 + 10, seed: $0) }
    let pieces = cut(messages.flatMap { framed($0) }, longest: 5, using: &random)
    let outcome = read(pieces, &reader, taking: true)
    #expect(outcome.messages.map(\.count) == messages.map(\.count))
    #expect(Digest(outcome.messages) == Digest(messages))
    #expect(reader.footprint == 0)
  }

  @Test func nothingToTakeOverForMessagesInPlace() {
    var reader = GRPCMessageReader()
    let first = framed(pattern(100))
    _ = read([first[..<50], first[50...]], &reader)
    framed(pattern(30)).withUnsafeBytes { bytes in
      var rest = bytes
      guard case .message = reader.next(in: &rest, maxMessageBytes: 1_000) else { return }
      #expect(reader.takeBlock() == nil)
    }
  }

  @Test func saysWhetherAMessageIsIncomplete() {
    let bytes = framed(pattern(20))
    for length in 0...bytes.count {
      var reader = GRPCMessageReader()
      let outcome = read([bytes[..<length]], &reader)
      #expect(reader.isInsideMessage == (length > 0 && length < bytes.count))
      #expect(outcome.messages.count == (length == bytes.count ? 1 : 0))
    }
  }

  @Test(arguments: [1, 2, 5, 1_000])
  func refusesLargeMessagesByTheirPrefix(piece: Int) {
    var random = SeededGenerator(seed: 1)
    for (announced, limit) in [(101, 100), (Int(UInt32.max), 64 << 20), (1, 0)] {
      var reader = GRPCMessageReader()
      let bytes = framed([7]) + prefix(announcing: announced)
      let outcome = read(cut(bytes, longest: piece, using: &random), &reader, maxMessageBytes: max(limit, 1))
      #expect(outcome.messages == [[7]])
      #expect(outcome.tooLarge == (announced > max(limit, 1) ? announced : nil))
    }
    var reader = GRPCMessageReader()
    #expect(read([framed(pattern(100))[...]], &reader, maxMessageBytes: 100).messages == [pattern(100)])
    #expect(read([prefix(announcing: 101)[...]], &reader, maxMessageBytes: 100).tooLarge == 101)
  }

  @Test func refusesCompressedMessages() {
    var reader = GRPCMessageReader()
    let outcome = read([(framed([1, 2]) + framed([3], isCompressed: true))[...]], &reader)
    #expect(outcome.messages == [[1, 2]])
    #expect(outcome.isCompressed)
  }

  /// What a sender announces costs nothing; what it sends does.
  @Test func memoryFollowsWhatArrives() {
    var reader = GRPCMessageReader()
    _ = read([(prefix(announcing: 60 << 20) + pattern(10))[...]], &reader)
    #expect(reader.isInsideMessage)
    #expect(reader.footprint < 80 << 10)
    let piece = pattern(100_000)
    var sent = 10
    while sent < 20 << 20 {
      _ = read([piece[...]], &reader)
      sent += piece.count
      #expect(reader.footprint >= sent)
      // Growth by halves at most, and by no more than 16 MiB at once.
      #expect(reader.footprint <= 2 * sent + (128 << 10))
    }
    reader.reset()
    #expect(!reader.isInsideMessage)
    #expect(reader.footprint <= 80 << 10)
  }

  @Test func resetForgetsHalfAMessage() {
    let bytes = framed(pattern(1_000))
    var reader = GRPCMessageReader()
    for length in [1, 4, 5, 6, 500, 1_004] {
      _ = read([bytes[..<length]], &reader)
      reader.reset()
      #expect(!reader.isInsideMessage)
      #expect(read([bytes[...]], &reader).messages == [pattern(1_000)])
    }
  }
}
