extension Engine {
  /// One request while it waits or runs.
  struct Sequence: Sendable {
    let id: SequenceID
    let promptTokens: Int
    let outputTokens: Int
    let blockHashes: [UInt64]

    /// Tokens generated so far.
    var generated = 0
    /// Tokens, prompt first, whose KV entries are computed.
    var computed = 0
    /// Tokens the step in progress computes.
    var inStep = 0
    /// The blocks it refers to, in order of position.
    var blocks: [Int32] = []
    /// How many of `blocks` are published or came from the cache.
    var published = 0
    /// Whether its cached tokens were counted; a preempted sequence is not counted again.
    var counted = false

    /// Tokens known so far; all but the newest must be computed before the next one can be sampled.
    var known: Int { promptTokens + generated }

    /// Whether it only needs its newest token computed, after its prompt is done.
    var isDecoding: Bool { generated > 0 && computed == known - 1 }
  }

  /// First-come first-served queue with amortised constant-time removal at the head.
  struct WaitingQueue: Sendable {
    private var storage: [Sequence?] = []
    private var head = 0

    var count: Int { storage.count - head }
    var first: Sequence? { head < storage.count ? storage[head] : nil }

    mutating func append(_ sequence: Sequence) { storage.append(sequence) }

    mutating func prepend(_ sequence: Sequence) {
      if head > 0 {
        head -= 1
        storage[head] = sequence
      } else {
        storage.insert(sequence, at: 0)
      }
    }

    mutating func popFirst() -> Sequence? {
      guard head < storage.count, let sequence = storage[head] else { return nil }
      storage[head] = nil
      head += 1
      if head > 64, head * 2 > storage.count {
        storage.removeFirst(head)
        head = 0
      }
      return sequence
    }

    mutating func remove(_ id: SequenceID) -> Sequence? {
      guard let index = storage[head...].firstIndex(where: { $0?.id == id }) else { return nil }
      return storage.remove(at: index)
    }
  }
}
