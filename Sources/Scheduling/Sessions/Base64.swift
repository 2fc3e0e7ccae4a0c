/// Base64 with the standard alphabet and padding.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ text: String) -> String {
    var encoded: [UInt8] = []
    let bytes = Array(text.utf8)
    encoded.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let left = min(3, bytes.count - start)
      var word = UInt32(bytes[start]) << 16
      if left > 1 { word |= UInt32(bytes[start + 1]) << 8 }
      if left > 2 { word |= UInt32(bytes[start + 2]) }
      for digit in 0..<4 {
        let value = Int(word >> UInt32(18 - 6 * digit) & 0x3F)
        encoded.append(digit <= left ? alphabet[value] : UInt8(ascii: "="))
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
