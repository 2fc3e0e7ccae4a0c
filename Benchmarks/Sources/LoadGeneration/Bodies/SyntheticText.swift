/// Text that looks like language to a tokenizer and needs no escaping in JSON: words of a small vocabulary.
struct SyntheticText {
  private static let words: [[UInt8]] = [
    "the", "model", "answers", "a", "question", "about", "rivers", "and", "cities", "with", "care", "because", "each",
    "token", "costs", "time", "in", "every", "step", "of", "its", "long", "path", "through", "layers", "that", "were",
    "trained", "on", "books", "letters", "tables",
  ].map { Array($0.utf8) }

  private var random: SeededRandom

  /// Text that follows from the seed.
  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
  }

  /// The next `count` bytes of text.
  mutating func bytes(_ count: Int) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(count + 16)
    while text.count < count {
      var bits = random.next()
      // Twelve words of five bits each.
      for _ in 0..<12 where text.count < count {
        text += Self.words[Int(bits & 31)]
        text.append(UInt8(ascii: " "))
        bits >>= 5
      }
    }
    text.removeLast(text.count - count)
    return text
  }
}
