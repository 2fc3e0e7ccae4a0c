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

  /// The key of a block.
  public func key(after previous: UInt64, tokens: ArraySlice<UInt32>, extras: [[UInt8]] = []) -> UInt64 {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + 4 * tokens.count)
    Self.append(previous, to: &bytes)
    for token in tokens {
      withUnsafeBytes(of: token.littleEndian) { bytes.append(contentsOf: $0) }
    }
    for extra in extras {
      Self.append(UInt64(extra.count), to: &bytes)
      bytes.append(contentsOf: extra)
    }
    return bytes.withUnsafeBytes { epp_xxh64($0.baseAddress, $0.count, 0) }
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

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
