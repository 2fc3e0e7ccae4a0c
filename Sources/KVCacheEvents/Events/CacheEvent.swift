/// What a model server tells about its KV cache.
public enum CacheEvent: Equatable, Sendable {
  case stored(StoredBlocks)
  /// Blocks, by the server's hashes, that are no longer in a tier. `group` is the group of layers it is about, if named.
  case removed(hashes: [UInt64], tier: CacheTier, group: UInt64?)
  /// The server has stored blocks of layers that do not keep whole prefixes (sliding windows, states). They say nothing
  /// about prefixes; what is removed of the same group does not either.
  case storedPartially(group: UInt64?)
  /// The server has emptied its cache.
  case cleared
}
