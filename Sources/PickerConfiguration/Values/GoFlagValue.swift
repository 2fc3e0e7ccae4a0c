/// Values as Go's flag libraries spell them.
package enum GoFlagValue {
  /// `1`, `t`, `T`, `true`, `TRUE`, `True` and their opposites; `nil` for anything else.
  package static func bool(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
  }

  /// A whole number in Go's literal syntax: decimal, `0x`, `0o`, `0b` or a leading `0` for octal, underscores between
  /// digits.
  package static func int(_ text: String) -> Int? {
    var body = Substring(text)
    var sign = ""
    if let first = body.first, first == "-" || first == "+" {
      sign = String(first)
      body.removeFirst()
    }
    var radix = 10
    var hasPrefix = false
    if body.first == "0", body.count > 1 {
      hasPrefix = true
      switch body.dropFirst().first {
      case "x", "X": (radix, body) = (16, body.dropFirst(2))
      case "o", "O": (radix, body) = (8, body.dropFirst(2))
      case "b", "B": (radix, body) = (2, body.dropFirst(2))
      default: (radix, body) = (8, body.dropFirst(1))
      }
    }
    if hasPrefix, body.first == "_" { body.removeFirst() }
    let digits = body.split(separator: "_", omittingEmptySubsequences: false)
    guard digits.allSatisfy({ group in !group.isEmpty && group.allSatisfy { $0.isHexDigit } }) else { return nil }
    return Int(sign + digits.joined(), radix: radix)
  }
}
