/// The text the simulated model generates: four ASCII bytes for each token, none of which JSON has to escape.
enum AnswerText {
  private static let tokens: [StaticString] = [
    " the", " and", " for", " was", " one", " all", " new", " day", " way", " may", " out", " who", " two", " how",
    " now", " see", " get", " use", " man", " old", " her", " has", " him", " had", " not", " but", " our", " its",
    " any", " can", " few", " own",
  ]

  /// Token `index` of the answer to the prompt that `seed` stands for; the same prompt always gets the same answer.
  static func token(_ index: Int, seed: UInt64) -> StaticString {
    let mixed = BlockHash.combine(seed, UInt64(truncatingIfNeeded: index))
    return tokens[Int(mixed >> 40) & (tokens.count - 1)]
  }
}
