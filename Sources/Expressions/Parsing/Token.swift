/// A word or sign of an expression.
struct Token: Equatable {
  enum Kind: Equatable {
    case number(Double)
    case text(String)
    /// A word, or words joined by dots.
    case name(String)
    case sign(Sign)
    case end
  }

  enum Sign: String {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case remainder = "%"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="
    case and = "&&"
    case or = "||"
    case not = "!"
    case question = "?"
    case colon = ":"
    case comma = ","
    case open = "("
    case close = ")"
  }

  let kind: Kind
  /// In characters, from 1.
  let column: Int

  /// What an error message calls the token.
  var summary: String {
    switch kind {
    case .number(let value): "the number \(value)"
    case .text(let text): "the text \"\(text)\""
    case .name(let name): "\"\(name)\""
    case .sign(let sign): "\"\(sign.rawValue)\""
    case .end: "the end"
    }
  }
}
