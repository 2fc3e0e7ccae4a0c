/// One endpoint's hold on one block.
struct BlockHolder {
  let endpoint: Int32
  /// How many of the server's blocks make up the block.
  var parts: Int32
  /// The server's blocks, by tier, that contain the block or a part of it.
  private var counts = TierCounts()
  /// Until when the block counts as held without the server having said so, in the clock of the owner.
  var expectedUntil: UInt64 = 0

  init(endpoint: Int32, parts: Int32) {
    self.endpoint = endpoint
    self.parts = parts
  }

  /// Whether nothing keeps the entry.
  var isEmpty: Bool { counts.isEmpty && expectedUntil == 0 }

  mutating func change(_ tier: CacheTier, by difference: Int32) {
    counts[tier] = counts[tier] &+ difference
  }

  /// The best weight among the tiers that hold the whole block; negative if none does.
  @inline(__always)
  func weight(_ weights: TierWeights, now: UInt64) -> Double {
    var best = -1.0
    if counts.gpu >= parts { best = weights.gpu }
    if counts.cpu >= parts, weights.cpu > best { best = weights.cpu }
    if counts.other >= parts || expectedUntil > now, weights.other > best { best = weights.other }
    return best
  }
}
