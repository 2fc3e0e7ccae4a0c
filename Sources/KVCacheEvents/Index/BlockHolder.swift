/// One endpoint's hold on one block.
struct BlockHolder {
  let endpoint: Int
  /// The server's blocks, by tier, that contain the block or a part of it.
  private var counts: (gpu: Int32, cpu: Int32, other: Int32) = (0, 0, 0)
  /// How many of the server's blocks make up the block.
  var parts: Int32
  /// Until when the block counts as held without the server having said so, in the clock of the owner.
  var expectedUntil: UInt64 = 0

  init(endpoint: Int, parts: Int) {
    self.endpoint = endpoint
    self.parts = Int32(clamping: parts)
  }

  /// Whether nothing keeps the entry.
  var isEmpty: Bool { counts == (0, 0, 0) && expectedUntil == 0 }

  mutating func change(_ tier: CacheTier, by difference: Int32) {
    switch tier {
    case .gpu: counts.gpu = max(0, counts.gpu &+ difference)
    case .cpu: counts.cpu = max(0, counts.cpu &+ difference)
    case .other: counts.other = max(0, counts.other &+ difference)
    }
  }

  /// The best weight among the tiers that hold the whole block; nil if none does.
  func weight(_ weights: TierWeights, now: UInt64) -> Double? {
    var best: Double?
    if counts.gpu >= parts { best = weights.gpu }
    if counts.cpu >= parts { best = max(best ?? 0, weights.cpu) }
    if counts.other >= parts || expectedUntil > now { best = max(best ?? 0, weights.other) }
    return best
  }
}
