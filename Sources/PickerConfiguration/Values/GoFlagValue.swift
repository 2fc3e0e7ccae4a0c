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
}
