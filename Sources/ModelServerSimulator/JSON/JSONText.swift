import NIOCore

extension ByteBuffer {
  /// Appends `text` as a JSON string, quotes included.
  mutating func writeJSONString(_ text: String) {
    writeInteger(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): writeStaticString("\\\"")
      case UInt8(ascii: "\\"): writeStaticString("\\\\")
      case 0x0a: writeStaticString("\\n")
      case 0x0d: writeStaticString("\\r")
      case 0x09: writeStaticString("\\t")
      case 0x00..<0x20:
        let digits = String(byte, radix: 16)
        writeString("\\u00" + (digits.utf8.count == 1 ? "0" : "") + digits)
      default: writeInteger(byte)
      }
    }
    writeInteger(UInt8(ascii: "\""))
  }
}
