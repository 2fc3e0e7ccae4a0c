/// A thread's own place in every metric.
///
/// Each event loop records through a shard of its own, so that recording is a plain load, add and store in memory that
/// no other thread writes; the scrape adds the shards up. Threads without a shard of their own use the registry's
/// shared shard, which costs an atomic read-modify-write.
///
/// A shard belongs to the registry it came from and must only be used with that registry's cells.
public struct MetricsShard: Sendable {
  /// Distance in bytes from a cell's words in the first shard to its words in this one.
  @usableFromInline let byteOffset: Int
  /// Whether several threads may write at once.
  @usableFromInline let isShared: Bool

  init(byteOffset: Int, isShared: Bool) {
    self.byteOffset = byteOffset
    self.isShared = isShared
  }
}
