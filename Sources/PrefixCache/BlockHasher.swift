import CAccelerate

/// Turns prompts into chains of block hashes, so that equal prefixes give equal hashes.
///
/// A block is `blockSize` tokens of 4 bytes each. Its id is XXH64 of its bytes; the hash of block i is
/// XXH64(LE64(id) ‖ LE64(hash of block i − 1)), and the first block's predecessor is the root, XXH64 of the model's
/// name followed by the cache salt. All seeds are 0. A prompt is padded with zeros to whole tokens, and a shorter last
/// block is hashed too. (Token blocks of the approximate prefix cache.)
public struct BlockHasher: Sendable {
  /// The largest accepted block size, in tokens.
  public static let maximumBlockSize = 65_536

  /// Tokens a block, `1...maximumBlockSize`.
  public let blockSize: Int
  /// Blocks hashed of one prompt; what follows is left out.
  public let maximumBlocksPerPrompt: Int

  /// Values outside their ranges are brought to the nearest bound.
  public init(blockSize: Int, maximumBlocksPerPrompt: Int) {
    self.blockSize = min(max(1, blockSize), Self.maximumBlockSize)
    self.maximumBlocksPerPrompt = max(0, maximumBlocksPerPrompt)
  }

  /// The predecessor of every prompt's first block.
  public static func root(model: UnsafeRawBufferPointer?, cacheSalt: UnsafeRawBufferPointer?) -> UInt64 {
    epp_xxh64_pair(model?.baseAddress, model?.count ?? 0, cacheSalt?.baseAddress, cacheSalt?.count ?? 0)
  }

  /// Hashes the prompt that `segments` spell when joined, and appends its chain to `chains`.
  ///
  /// Blocks that lie within one segment are hashed where they are; only one that spans segments is gathered first.
  public func append(
    prompt segments: UnsafeBufferPointer<UnsafeRawBufferPointer>, root: UInt64, to chains: BlockChains
  ) {
    let blockBytes = 4 * blockSize
    var room = chains.beginChain(blockBytes: blockBytes, maximumBlocks: maximumBlocksPerPrompt)
    var previous = root
    /// Bytes of the block that began in an earlier segment, in the gather buffer.
    var gathered = 0
    for segment in segments {
      guard room > 0 else { break }
      guard var next = segment.baseAddress else { continue }
      var rest = segment.count
      if gathered > 0 {
        let count = min(blockBytes - gathered, rest)
        chains.gather(next, count, at: gathered)
        gathered += count
        next += count
        rest -= count
        guard gathered == blockBytes else { continue }
        previous = chains.append(gathered: blockBytes, previous: previous)
        room -= 1
        gathered = 0
      }
      let blocks = min(rest / blockBytes, room)
      if blocks > 0 {
        previous = chains.append(blocks: blocks, at: next, blockBytes: blockBytes, previous: previous)
        room -= blocks
        next += blocks * blockBytes
        rest -= blocks * blockBytes
      }
      guard room > 0 else { break }
      chains.gather(next, rest, at: 0)
      gathered = rest
    }
    if gathered > 0, room > 0 {
      let padding = (4 - gathered % 4) % 4
      chains.gatherZeros(padding, at: gathered)
      _ = chains.append(gathered: gathered + padding, previous: previous)
    }
    chains.endChain()
  }
}
