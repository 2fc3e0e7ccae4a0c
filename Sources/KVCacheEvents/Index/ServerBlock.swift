/// A block as its server knows it.
struct ServerBlock {
  /// How often the server has stored it, by tier, less how often it has removed it.
  var stored = TierCounts()
  /// The first of the index's keys that the block contains or is a part of; nil while there is none.
  private var firstKey: UInt64?
  private var otherKeys: [UInt64] = []
  /// The last key that is complete after this block, or the root.
  var previous: UInt64
  /// What follows that key and is no whole block of the index; nil for nothing.
  private(set) var rest: Rest?

  /// Tokens short of a block of the index.
  final class Rest {
    let tokens: [UInt32]
    /// What distinguishes them.
    let extras: [[UInt8]]
    /// The server's blocks that they are in.
    let blocks: [UInt64]

    init(tokens: [UInt32], extras: [[UInt8]], blocks: [UInt64]) {
      self.tokens = tokens
      self.extras = extras
      self.blocks = blocks
    }
  }

  init(previous: UInt64) {
    self.previous = previous
  }

  /// Adds a key that the block contains or is a part of.
  mutating func append(_ key: UInt64) {
    if firstKey == nil { firstKey = key } else { otherKeys.append(key) }
  }

  /// Calls `body` with each of the keys.
  func forEachKey(_ body: (UInt64) -> Void) {
    guard let firstKey else { return }
    body(firstKey)
    for key in otherKeys { body(key) }
  }

  /// Where a block that follows this one begins.
  mutating func end(at previous: UInt64, _ rest: Rest?) {
    self.previous = previous
    self.rest = rest
  }
}
