/// A change of one endpoint's hold on one block.
struct HolderChange: Sendable {
  let key: UInt64
  let endpoint: Int32
  /// Of the server's blocks in the tier that contain the block or a part of it, how many came or went.
  let difference: Int32
  /// How many of the server's blocks make up the block, as far as is known.
  let parts: Int32
  let tier: CacheTier
}
