/// Labels as they are exposed.
enum LabelText {
  /// `a="x",b="y"`, values escaped.
  static func encode(names: [String], values: [String]) -> [UInt8] {
    var text: [UInt8] = []
    for (name, value) in zip(names, values) {
      append(name: name, value: value, to: &text)
    }
    return text
  }

  static func append(name: String, value: String, to text: inout [UInt8]) {
    if !text.isEmpty { text.append(UInt8(ascii: ",")) }
    text += name.utf8
    text += "=\"".utf8
    appendEscaped(value, quotes: true, to: &text)
    text.append(UInt8(ascii: "\""))
  }

  /// Escapes backslashes and line ends, and quotes where they would end the text.
  static func appendEscaped(_ value: String, quotes: Bool, to text: inout [UInt8]) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): text += "\\\\".utf8
      case UInt8(ascii: "\n"): text += "\\n".utf8
      case UInt8(ascii: "\"") where quotes: text += "\\\"".utf8
      default: text.append(byte)
      }
    }
  }
}
