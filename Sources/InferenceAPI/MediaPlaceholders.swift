import CAccelerate

/// Tells token ids apart that only stand in for media.
///
/// In a tokenized prompt every image is a run of the same placeholder token, so prompts about different images look
/// alike. Each run is overwritten by a word of its content's hash.
struct MediaPlaceholders {
  private let words: UnsafeMutableRawBufferPointer
  /// Runs that overlap could ask for more work than the prompt has tokens; what is beyond stays as it is.
  private var budget: Int

  /// - Parameter words: the token ids as 32-bit words.
  init(words: UnsafeMutableRawBufferPointer) {
    self.words = words
    budget = words.count / 4
  }

  /// Overwrites the part of the run of `length` tokens from `offset` that lies in the prompt.
  mutating func mark(offset: Int, length: Int, contentHash: UnsafeRawBufferPointer) {
    let count = words.count / 4
    guard offset >= 0, offset < count, length > 0 else { return }
    let run = min(length, count - offset, budget)
    budget -= run
    let word = UInt32(truncatingIfNeeded: epp_xxh64(contentHash.baseAddress, contentHash.count, 0)).littleEndian
    for index in offset..<offset + run {
      words.storeBytes(of: word, toByteOffset: 4 * index, as: UInt32.self)
    }
  }
}
