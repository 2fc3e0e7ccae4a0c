import Crypto

/// Makes hashes of prompts unusable outside of this process: equal ones stay equal, and nobody who reads the log can
/// tell by hashing a guess whether it was the prompt.
struct HashMask: Sendable {
  private let key: SymmetricKey

  /// A mask of its own, from the system's random numbers.
  init() {
    key = SymmetricKey(size: .bits256)
  }

  /// The hash as the log shows it: 16 hexadecimal digits.
  func masked(_ hash: UInt64) -> String {
    let code = withUnsafeBytes(of: hash.littleEndian) { HMAC<SHA256>.authenticationCode(for: $0, using: key) }
    var text = ""
    text.reserveCapacity(16)
    for byte in code.prefix(8) {
      text += String(byte >> 4, radix: 16)
      text += String(byte & 15, radix: 16)
    }
    return text
  }
}
