import Endpoints
import InferenceAPI
import KVCacheEvents

/// What one event loop needs to look prompts up in the precise index.
final class PrecisePrefixWorkspace {
  /// Keys of one request that are kept, so that they can be expected on the endpoint chosen: 262,144 tokens in blocks of
  /// 16.
  static let maximumKeys = 16_384
  /// Keys made before the index is asked whether to go on.
  private static let slice = 256

  private let prompt: PromptKeys
  private var keys: [UInt64] = []
  private var matches = PreciseMatches(endpoints: 0)
  /// For each slot the sum over the prompts so far.
  private var sums: [UInt32] = []
  private var touched: [Int] = []
  /// For each prompt, where its keys end.
  private var ends: [Int] = []
  /// Blocks of the prompts.
  private(set) var totalBlocks = 0

  init(hasher: BlockKeyHasher) {
    prompt = PromptKeys(hasher: hasher)
  }

  /// The keys of the prompts, one prompt after the other, as far as they were wanted.
  var keptKeys: ArraySlice<UInt64> { keys[...] }

  /// Blocks held, weighed by tier and rounded down, by slot.
  func withSums<Result>(_ body: (UnsafeBufferPointer<UInt32>) -> Result) -> Result {
    sums.withUnsafeBufferPointer(body)
  }

  /// Begins a request.
  func begin(slotCount: Int) {
    keys.removeAll(keepingCapacity: true)
    for slot in touched { sums[slot] = 0 }
    touched.removeAll(keepingCapacity: true)
    if sums.count < slotCount { sums += Array(repeating: 0, count: slotCount - sums.count) }
    totalBlocks = 0
  }

  /// Looks one prompt up.
  /// - Parameters:
  ///   - root: what the prompt's first block follows.
  ///   - extras: what distinguishes the block of an index.
  ///   - keepsKeys: whether the keys are wanted afterwards. Otherwise none are made behind the last block held.
  func look(
    up segments: UnsafeBufferPointer<UnsafeRawBufferPointer>, root: UInt64, extras: [Int: [[UInt8]]], keepsKeys: Bool,
    in holders: BlockHolders, weights: TierWeights, now: UInt64
  ) {
    prompt.begin(segments, root: root)
    totalBlocks += prompt.blockCount
    matches.reset(endpoints: sums.count)
    var isHeld = true
    while prompt.madeCount < prompt.blockCount {
      let isKept = keepsKeys && keys.count + Self.slice <= Self.maximumKeys
      guard isHeld || isKept else { break }
      let start = keys.count
      let before = prompt.madeCount
      prompt.append(Self.slice, extras: extras, to: &keys)
      if isHeld {
        isHeld = holders.match(keys[start...], after: before, weights: weights, now: now, into: &matches)
      }
      if !isKept { keys.removeSubrange(start...) }
    }
    for slot in matches.touched {
      let blocks = UInt32(clamping: Int(matches.weight(of: slot)))
      guard blocks > 0 else { continue }
      if sums[slot] == 0 { touched.append(slot) }
      sums[slot] &+= blocks
    }
  }
}
