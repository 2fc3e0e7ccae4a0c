import Scheduling

extension RandomSource {
  /// A random UUID (version 4), as request ids are made of.
  mutating func uuid() -> String {
    let high = next() & ~0xF000 | 0x4000
    let low = next() & ~(0b11 << 62) | 0b10 << 62
    var text = ""
    text.reserveCapacity(36)
    for (index, word) in [high, low].enumerated() {
      for digit in 0..<16 {
        let position = index * 16 + digit
        if position == 8 || position == 12 || position == 16 || position == 20 { text += "-" }
        text += String(word >> UInt64(60 - 4 * digit) & 0xF, radix: 16)
      }
    }
    return text
  }
}
