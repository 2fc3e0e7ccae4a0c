/// A block as its server knows it.
struct ServerBlock {
  /// How often the server has stored it, by tier, less how often it has removed it.
  var stored: [CacheTier: Int] = [:]
  /// The index's keys that the block contains or is a part of.
  var keys: [UInt64] = []
  /// The last key that is complete after this block, or the root.
  var previous: UInt64
  /// Tokens after that key, fewer than a block of the index.
  var pending: [UInt32] = []
  /// What distinguishes them.
  var pendingExtras: [[UInt8]] = []
  /// The server's blocks that they are in, this one included.
  var pendingBlocks: [UInt64] = []
}
