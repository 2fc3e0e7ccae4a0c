/// Cuts the text of an expression into tokens.
struct Lexer {
  private let characters: [Character]
  private var position = 0

  init(_ source: String) {
    characters = Array(source)
  }

  /// The next token; `end` again and again at the end.
  mutating func next() throws(ExpressionError) -> Token {
    while let character = current, character.isWhitespace { position += 1 }
    let column = position + 1
    guard let character = current else { return Token(kind: .end, column: column) }
    if Self.isDigit(character) || (character == "." && peek.map(Self.isDigit) == true) {
      return Token(kind: .number(try number(column)), column: column)
    }
    if Self.startsName(character) { return Token(kind: .name(try name(column)), column: column) }
    if character == "\"" || character == "'" { return Token(kind: .text(try text(column)), column: column) }
    if let peek, let sign = Token.Sign(rawValue: String([character, peek])) {
      position += 2
      return Token(kind: .sign(sign), column: column)
    }
    guard let sign = Token.Sign(rawValue: String(character)) else {
      throw ExpressionError(column, "unexpected \"\(character)\"")
    }
    position += 1
    return Token(kind: .sign(sign), column: column)
  }

  private var current: Character? { position < characters.count ? characters[position] : nil }
  private var peek: Character? { position + 1 < characters.count ? characters[position + 1] : nil }

  private static func isDigit(_ character: Character) -> Bool { character >= "0" && character <= "9" }

  private static func startsName(_ character: Character) -> Bool {
    character == "_" || (character >= "a" && character <= "z") || (character >= "A" && character <= "Z")
  }

  private static func continuesName(_ character: Character) -> Bool { startsName(character) || isDigit(character) }

  private mutating func number(_ column: Int) throws(ExpressionError) -> Double {
    let start = position
    skipDigits()
    if current == "." {
      position += 1
      skipDigits()
    }
    if current == "e" || current == "E" {
      position += 1
      if current == "+" || current == "-" { position += 1 }
      skipDigits()
    }
    // A letter right behind digits is a slip of the pen, not another token.
    while let character = current, Self.continuesName(character) || character == "." { position += 1 }
    let word = String(characters[start..<position])
    guard let value = Double(word), value.isFinite else { throw ExpressionError(column, "bad number \"\(word)\"") }
    return value
  }

  private mutating func skipDigits() {
    while let character = current, Self.isDigit(character) { position += 1 }
  }

  private mutating func name(_ column: Int) throws(ExpressionError) -> String {
    let start = position
    while true {
      while let character = current, Self.continuesName(character) { position += 1 }
      guard current == "." else { break }
      guard let peek, Self.startsName(peek) else {
        throw ExpressionError(position + 1, "a name must follow the dot")
      }
      position += 1
    }
    return String(characters[start..<position])
  }

  private mutating func text(_ column: Int) throws(ExpressionError) -> String {
    let quote = current
    position += 1
    var text = ""
    while let character = current {
      position += 1
      if character == quote { return text }
      guard character == "\\" else {
        text.append(character)
        continue
      }
      guard let escaped = current, escaped == "\\" || escaped == "\"" || escaped == "'" else {
        throw ExpressionError(position, "a backslash must stand before a quote or a backslash")
      }
      text.append(escaped)
      position += 1
    }
    throw ExpressionError(column, "the text has no closing quote")
  }
}
