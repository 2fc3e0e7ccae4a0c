/// Writes JSON.
package enum JSONText {
  /// The bytes of a JSON string, quotes included, that says `text`. Escapes what JSON demands and nothing else.
  package static func string(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    var json: [UInt8] = []
    json.reserveCapacity(text.count + 2)
    json.append(JSONBytes.quote)
    for byte in text {
      if byte == JSONBytes.quote || byte == JSONBytes.backslash {
        json.append(JSONBytes.backslash)
        json.append(byte)
      } else if byte < 0x20 {
        json += Array("\\u00".utf8)
        json.append(hexadecimal(byte >> 4))
        json.append(hexadecimal(byte & 15))
      } else {
        json.append(byte)
      }
    }
    json.append(JSONBytes.quote)
    return json
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }
}
