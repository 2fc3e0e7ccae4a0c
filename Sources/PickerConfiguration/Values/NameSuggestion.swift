/// Finds the known name that a misspelt one was probably meant to be.
package enum NameSuggestion {
  /// The nearest of `candidates` to `name`, or `nil` when none is near enough to be worth proposing.
  ///
  /// Letter case does not count. A name that another one starts with counts as near, because shortened names
  /// (`blockSize` for `blockSizeTokens`) are the commonest mistake. Among equals the first candidate wins.
  package static func closest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8.prefix(64))
    guard !wanted.isEmpty else { return nil }
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let known = Array(candidate.lowercased().utf8.prefix(64))
      var distance = editDistance(wanted, known)
      let shorter = min(wanted.count, known.count)
      if shorter >= 4, wanted.starts(with: known.prefix(shorter)) { distance = min(distance, 1) }
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// `; did you mean "name"?`, or nothing.
  package static func hint(for name: String, among candidates: some Sequence<String>) -> String {
    closest(to: name, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
  static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    var current = previous
    for i in a.indices {
      current[0] = i + 1
      for j in b.indices {
        var cost = min(previous[j + 1], current[j]) + 1
        cost = min(cost, previous[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
        current[j + 1] = cost
      }
      (beforePrevious, previous, current) = (previous, current, beforePrevious)
    }
    return previous[b.count]
  }
}
