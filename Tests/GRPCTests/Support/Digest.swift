/// Length and FNV-1a hash of bytes, so that a failed comparison prints a line instead of megabytes.
struct Digest: Equatable, CustomStringConvertible {
  private let count: Int
  private let hash: UInt64

  init(_ bytes: some Sequence<UInt8>) {
    var count = 0
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes {
      count += 1
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    self.count = count
    self.hash = hash
  }

  var description: String { "\(count) bytes, \(String(hash, radix: 16))" }
}
