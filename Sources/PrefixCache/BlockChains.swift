import CAccelerate

/// The block hashes of one request, a chain for each prompt, in memory that is reused from request to request.
///
/// One per event loop; not thread-safe. Views end with the next `reset` or append.
public final class BlockChains {
  /// Blocks of one request over all its prompts; prompts beyond are left out. Bounds the memory and the time that a
  /// body of very many tiny prompts can take.
  public static let maximumBlocks = 65_536

  private var hashes: UnsafeMutablePointer<UInt64>
  private var capacity = 2_048
  private var used = 0
  private var ends: [Int] = []
  /// Holds the one block that spans segments.
  private var block: UnsafeMutableRawPointer
  private var blockCapacity = 4 * 64

  /// Empty.
  public init() {
    hashes = .allocate(capacity: capacity)
    block = .allocate(byteCount: blockCapacity, alignment: 16)
  }

  deinit {
    hashes.deallocate()
    block.deallocate()
  }

  /// Forgets all chains.
  public func reset() {
    used = 0
    ends.removeAll(keepingCapacity: true)
  }

  /// The number of chains: one for each prompt, in order.
  public var count: Int { ends.count }

  /// The number of blocks in all chains.
  public var blockCount: Int { used }

  /// The hashes of all chains, one after another.
  public var allHashes: UnsafeBufferPointer<UInt64> { UnsafeBufferPointer(start: hashes, count: used) }

  /// The hashes of one prompt, `0..<count`, first block first.
  public subscript(chain: Int) -> UnsafeBufferPointer<UInt64> {
    let start = chain == 0 ? 0 : ends[chain - 1]
    return UnsafeBufferPointer(start: hashes + start, count: ends[chain] - start)
  }

  /// Makes sure that a block can be gathered, and returns how many blocks the chain may have.
  func beginChain(blockBytes: Int, maximumBlocks: Int) -> Int {
    if blockCapacity < blockBytes {
      block.deallocate()
      block = .allocate(byteCount: blockBytes, alignment: 16)
      blockCapacity = blockBytes
    }
    return min(maximumBlocks, Self.maximumBlocks - used)
  }

  /// `offset + count` is at most the block's size.
  func gather(_ bytes: UnsafeRawPointer, _ count: Int, at offset: Int) {
    (block + offset).copyMemory(from: bytes, byteCount: count)
  }

  func gatherZeros(_ count: Int, at offset: Int) {
    (block + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  func append(gathered count: Int, previous: UInt64) -> UInt64 {
    append(blocks: 1, at: block, blockBytes: count, previous: previous)
  }

  func append(blocks: Int, at bytes: UnsafeRawPointer, blockBytes: Int, previous: UInt64) -> UInt64 {
    if capacity - used < blocks { grow(to: used + blocks) }
    defer { used += blocks }
    return epp_chain_blocks(bytes, blockBytes, blocks, previous, hashes + used)
  }

  func endChain() {
    ends.append(used)
  }

  @inline(never)
  private func grow(to count: Int) {
    capacity = max(capacity * 2, count)
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
    larger.moveInitialize(from: hashes, count: used)
    hashes.deallocate()
    hashes = larger
  }
}
