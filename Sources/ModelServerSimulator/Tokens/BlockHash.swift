/// Chained 64-bit hashes of token blocks.
///
/// The simulation takes four bytes of text as one token, so a block of `blockSize` tokens is `4 * blockSize` bytes.
public enum BlockHash {
  /// Bytes of text that count as one token.
  public static let bytesPerToken = 4

  /// Tokens in `byteCount` bytes of text.
  public static func tokens(inBytes byteCount: Int) -> Int {
    (byteCount + bytesPerToken - 1) / bytesPerToken
  }

  /// Hashes of the full blocks of a prompt, each covering everything up to and including its block.
  ///
  /// - Parameters:
  ///   - bytes: the prompt, four bytes a token.
  ///   - blockSize: tokens in a block, at least 1.
  ///   - seed: told apart prompts that share no cache entries, such as those for different adapters.
  public static func chain(_ bytes: [UInt8], blockSize: Int, seed: UInt64) -> [UInt64] {
    let blockBytes = max(1, blockSize) * bytesPerToken
    var hashes: [UInt64] = []
    hashes.reserveCapacity(bytes.count / blockBytes)
    bytes.withUnsafeBytes { raw in
      var hash = seed
      for block in 0..<raw.count / blockBytes {
        for token in 0..<blockSize {
          let offset = block * blockBytes + token * bytesPerToken
          hash = combine(hash, UInt64(raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        hashes.append(hash)
      }
    }
    return hashes
  }

  /// A seed for prompts of `name`.
  public static func seed(_ name: String) -> UInt64 {
    var hash = FNV1a64()
    name.utf8.forEach { hash.update($0) }
    return hash.value
  }

  /// Mixes `value` into `state`.
  static func combine(_ state: UInt64, _ value: UInt64) -> UInt64 {
    var mixed = (state ^ value) &* 0xff51_afd7_ed55_8ccd
    mixed ^= mixed >> 32
    return mixed &* 0xc4ce_b9fe_1a85_ec53 &+ 0x1656_67b1
  }
}
