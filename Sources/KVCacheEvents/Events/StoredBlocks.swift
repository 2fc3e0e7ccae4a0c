/// Blocks that a model server has put into its cache, each following the one before.
public struct StoredBlocks: Equatable, Sendable {
  /// The server's hashes of the blocks.
  public var hashes: [UInt64]
  /// The server's hash of the block before the first; nil at the start of a prompt.
  public var parent: UInt64?
  /// The tokens of all blocks, `hashes.count * blockSize`.
  public var tokens: [UInt32]
  /// Tokens a block, 1 or more.
  public var blockSize: Int
  /// Where they are kept.
  public var tier: CacheTier
  /// The adapter that stands for the model in the hashes; empty for the model itself.
  public var adapter: String
  /// What else distinguishes each block (hashes of its media, a cache salt): empty, or a list for each block.
  public var extras: [[[UInt8]]]

  /// Blocks with the given values; nothing is checked.
  public init(
    hashes: [UInt64], parent: UInt64?, tokens: [UInt32], blockSize: Int, tier: CacheTier = .gpu, adapter: String = "",
    extras: [[[UInt8]]] = []
  ) {
    self.hashes = hashes
    self.parent = parent
    self.tokens = tokens
    self.blockSize = blockSize
    self.tier = tier
    self.adapter = adapter
    self.extras = extras
  }
}
