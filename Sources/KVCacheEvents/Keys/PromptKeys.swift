import CAccelerate

/// Makes the keys of one prompt's blocks, some at a time, so that nobody makes more than are asked for.
///
/// One for each event loop; not thread-safe. Memory is used again, and nothing is allocated for a block without extras.
public final class PromptKeys {
  /// Memory of longer prompts is given back at the next one.
  private static let keptBytes = 4 << 20

  private let hasher: BlockKeyHasher
  /// Room for a key and then the tokens as little-endian words. A block's tokens are hashed where they are, behind the
  /// key of the block before, which overwrites tokens that have been hashed.
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var byteCount = 0
  private var previous: UInt64 = 0
  /// Blocks of which the keys have been made.
  public private(set) var madeCount = 0

  /// Makes keys as `hasher` does.
  public init(hasher: BlockKeyHasher) {
    self.hasher = hasher
  }

  deinit {
    memory.deallocate()
  }

  /// Whole blocks of the prompt; a shorter last block has no key.
  public var blockCount: Int { byteCount / (4 * hasher.blockSize) }

  /// Begins a prompt.
  /// - Parameters:
  ///   - segments: the tokens as 32-bit little-endian words, in pieces of any size; a last word that is not complete
  ///     counts as padded with zeros.
  ///   - root: what the first block follows.
  public func begin(_ segments: UnsafeBufferPointer<UnsafeRawBufferPointer>, root: UInt64) {
    previous = root
    madeCount = 0
    let size = segments.reduce(0) { $0 + $1.count }
    byteCount = (size + 3) / 4 * 4
    reserve(8 + byteCount)
    var end = 8
    for segment in segments {
      UnsafeMutableRawBufferPointer(rebasing: memory[end...]).copyMemory(from: segment)
      end += segment.count
    }
    while end < 8 + byteCount {
      memory[end] = 0
      end += 1
    }
  }

  /// Appends the keys of the next blocks, at most `count`, to `keys`.
  /// - Parameter extras: what distinguishes the block of an index.
  public func append(_ count: Int, extras: [Int: [[UInt8]]] = [:], to keys: inout [UInt64]) {
    let blockBytes = 4 * hasher.blockSize
    let end = min(blockCount, madeCount + count)
    while madeCount < end {
      let start = madeCount * blockBytes
      if !extras.isEmpty, let own = extras[madeCount] {
        previous = BlockKeyHasher.hash(
          after: previous, words: UnsafeRawBufferPointer(rebasing: memory[start + 8..<start + 8 + blockBytes]),
          extras: own)
      } else {
        memory.storeBytes(of: previous.littleEndian, toByteOffset: start, as: UInt64.self)
        previous = epp_xxh64(memory.baseAddress.map { $0 + start }, 8 + blockBytes, 0)
      }
      keys.append(previous)
      madeCount += 1
    }
  }

  private func reserve(_ size: Int) {
    guard memory.count < size || memory.count > Self.keptBytes else { return }
    memory.deallocate()
    memory = .allocate(byteCount: max(size, 64 << 10), alignment: 8)
  }
}
