import CAccelerate

/// Chains the keys by which the precise index knows blocks of tokens.
///
/// A key is XXH64(LE64(key of the block before) ‖ LE32 tokens ‖ for each extra LE64(its length) ‖ its bytes), seed 0.
/// The block before a prompt's first is the root: the key, after XXH64 of the seed text, of no tokens and the model's
/// name as the only extra. (Request keys of the precise prefix index, algorithm xxh64.)
public struct BlockKeyHasher: Sendable {
  /// Tokens a block, 1 or more.
  public let blockSize: Int
  private let origin: UInt64

  /// A block size below 1 is taken as 1.
  public init(blockSize: Int, seed: String) {
    self.blockSize = max(1, blockSize)
    origin = Array(seed.utf8).withUnsafeBytes { epp_xxh64($0.baseAddress, $0.count, 0) }
  }

  /// What the first block of a prompt for `model` (or for an adapter in its place) follows.
  public func root(model: String) -> UInt64 {
    key(after: origin, tokens: [], extras: [Array(model.utf8)])
  }

  /// ``root(model:)`` for a name given as UTF-8.
  public func root(model: UnsafeRawBufferPointer) -> UInt64 {
    Self.hash(after: origin, words: UnsafeRawBufferPointer(start: nil, count: 0), extras: [Array(model)])
  }

  /// The key of a block.
  public func key(after previous: UInt64, tokens: ArraySlice<UInt32>, extras: [[UInt8]] = []) -> UInt64 {
    tokens.withUnsafeBytes { words in
      #if _endian(little)
        return Self.hash(after: previous, words: words, extras: extras)
      #else
        return tokens.map(\.littleEndian).withUnsafeBytes { Self.hash(after: previous, words: $0, extras: extras) }
      #endif
    }
  }

  /// The keys of the whole blocks of `tokens`; a shorter last block has none. `extras` gives what distinguishes the block
  /// of an index.
  public func keys(tokens: [UInt32], root: UInt64, extras: [Int: [[UInt8]]] = [:]) -> [UInt64] {
    var previous = root
    return (0..<tokens.count / blockSize).map { index in
      let block = tokens[index * blockSize..<(index + 1) * blockSize]
      previous = key(after: previous, tokens: block, extras: extras[index] ?? [])
      return previous
    }
  }

  /// The key of a block whose tokens are little-endian words already.
  static func hash(after previous: UInt64, words: UnsafeRawBufferPointer, extras: [[UInt8]]) -> UInt64 {
    let size = 8 + words.count + extras.reduce(0) { $0 + 8 + $1.count }
    return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { bytes in
      var end = 0
      func append(_ value: UInt64) {
        bytes.storeBytes(of: value.littleEndian, toByteOffset: end, as: UInt64.self)
        end += 8
      }
      func append(_ source: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: bytes[end...]).copyMemory(from: source)
        end += source.count
      }
      append(previous)
      append(words)
      for extra in extras {
        append(UInt64(extra.count))
        extra.withUnsafeBytes { append($0) }
      }
      return epp_xxh64(bytes.baseAddress, size, 0)
    }
  }
}
