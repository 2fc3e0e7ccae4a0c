import InferenceAPI
import Scheduling

/// Writes request bodies whose prompts share exactly the blocks that a trace says they share.
///
/// The text of a block follows from its number alone. Four bytes stand for a token, as everywhere in epp.
struct PromptWriter: ~Copyable {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .".utf8)
  private static let bytesPerToken = 4

  private var buffer: UnsafeMutableRawBufferPointer

  init() {
    buffer = .allocate(byteCount: 1 << 16, alignment: 64)
  }

  deinit {
    buffer.deallocate()
  }

  /// The body of a completions request; valid until the next one is written, with the padding parsers need behind it.
  mutating func body(of request: ReplayRequest, tokensPerBlock: Int) -> UnsafeRawBufferPointer {
    let head = Array("{\"model\":\"\(Self.escaped(request.model))\",\"stream\":true,\"prompt\":\"".utf8)
    let tail = Array("\"}".utf8)
    let promptBytes = max(1, request.promptTokens) * Self.bytesPerToken
    reserve(head.count + promptBytes + tail.count + RequestParsingContext.bodyPadding)
    var offset = append(head, at: 0)
    var left = promptBytes
    var index = 0
    while left > 0 {
      let count = min(left, tokensPerBlock * Self.bytesPerToken)
      // A block without a number is shared with nobody.
      let block =
        index < request.blocks.count
        ? request.blocks[index] : UInt64(bitPattern: Int64(index)) ^ request.arrival.bitPattern
      fill(offset, count, block)
      offset += count
      left -= count
      index += 1
    }
    offset = append(tail, at: offset)
    for position in 0..<RequestParsingContext.bodyPadding {
      buffer[offset + position] = UInt8(ascii: " ")
    }
    return UnsafeRawBufferPointer(rebasing: buffer[..<offset])
  }

  private mutating func reserve(_ count: Int) {
    guard buffer.count < count else { return }
    buffer.deallocate()
    buffer = .allocate(byteCount: count * 2, alignment: 64)
  }

  private func append(_ bytes: [UInt8], at offset: Int) -> Int {
    UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyBytes(from: bytes)
    return offset + bytes.count
  }

  private func fill(_ offset: Int, _ count: Int, _ block: UInt64) {
    var random = RandomSource(seed: block)
    var position = 0
    Self.alphabet.withUnsafeBufferPointer { alphabet in
      while position < count {
        var word = random.next()
        for _ in 0..<min(8, count - position) {
          buffer[offset + position] = alphabet[Int(word & 63)]
          word >>= 8
          position += 1
        }
      }
    }
  }

  private static func escaped(_ text: String) -> String {
    text.filter { $0 != "\"" && $0 != "\\" && !$0.isNewline }
  }
}
