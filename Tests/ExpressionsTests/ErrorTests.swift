import Expressions
import Testing

/// Every mistake is named with its column.
@Suite struct ErrorTests {
  @Test(arguments: [
    ("", "column 1: expected a value, found the end"),
    ("1 +", "column 4: expected a value, found the end"),
    ("1 2", "column 3: unexpected the number 2.0"),
    ("(1", "column 3: expected \")\", found the end"),
    ("1 + qeue", "column 5: unknown name \"qeue\""),
    ("foo(1)", "column 1: unknown function \"foo\""),
    ("header(x)", "column 1: header takes one text in quotes"),
    ("header()", "column 1: header takes one text in quotes"),
    ("1 + true", "column 5: expected a number, found a boolean"),
    ("true + 1", "column 1: expected a number, found a boolean"),
    ("x && flag", "column 1: expected a boolean, found a number"),
    ("flag || x", "column 9: expected a boolean, found a number"),
    ("!x", "column 2: expected a boolean, found a number"),
    ("-flag", "column 2: expected a number, found a boolean"),
    ("x ? 1 : 2", "column 1: expected a boolean, found a number"),
    ("flag ? 1 : true", "column 12: expected a number, found a boolean"),
    ("flag ? 1", "column 9: expected \":\", found the end"),
    ("flag ? 'a' : 'b'", "column 8: a text cannot be chosen, only compared"),
    ("1 < 2 < 3", "column 1: expected a number, found a boolean"),
    ("name == 1", "column 9: expected a text, found a number"),
    ("name < 'a'", "column 1: expected a number, found a text"),
    ("label('a') == label('b')", "column 1: two texts that differ by endpoint cannot be compared"),
    ("'a'", "column 1: expected a number or a boolean, found a text"),
    ("'a", "column 1: the text has no closing quote"),
    ("'a\\n'", "column 3: a backslash must stand before a quote or a backslash"),
    ("1.2.3", "column 1: bad number \"1.2.3\""),
    ("12abc", "column 1: bad number \"12abc\""),
    ("1e999", "column 1: bad number \"1e999\""),
    ("1 & 2", "column 3: unexpected \"&\""),
    ("x = 2", "column 3: unexpected \"=\""),
    ("usage. y", "column 6: a name must follow the dot"),
    ("clamp(1, 2)", "column 1: clamp takes 3 arguments"),
    ("sqrt(1, 2)", "column 1: sqrt takes 1 argument"),
    ("min()", "column 1: min takes at least 1 argument"),
    ("max(1, flag)", "column 8: expected a number, found a boolean"),
    ("number(name)", "column 8: cannot be read as a number"),
    ("number(1)", "column 8: cannot be read as a number"),
    ("has(flag)", "column 5: expected a number, found a boolean"),
  ])
  func mistakesAreNamed(source: String, message: String) {
    #expect(throws: ExpressionError.self) { try Expression(source, names: Sample()) }
    do {
      _ = try Expression(source, names: Sample())
    } catch {
      #expect("\(error)" == message)
    }
  }

  @Test func unknownNamesAreGivenForSuggestions() {
    let error = #expect(throws: ExpressionError.self) { try Expression("1 + usage.z", names: Sample()) }
    #expect(error?.unknownName == "usage.z")
  }

  @Test func theTypeThatIsWantedIsDemanded() {
    let error = #expect(throws: ExpressionError.self) { try Expression("a + 1", names: Sample(), type: .boolean) }
    #expect(error?.message == "expected a boolean, found a number")
  }

  @Test func longAndDeepTextsAreRefused() throws {
    #expect(throws: ExpressionError.self) {
      try Expression(String(repeating: " ", count: 5_000) + "1", names: Sample())
    }
    let deep = String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200)
    #expect(throws: ExpressionError.self) { try Expression(deep, names: Sample()) }
    #expect(throws: ExpressionError.self) {
      try Expression(String(repeating: "!", count: 200) + "true", names: Sample())
    }
    // Long, but not deep.
    let sum = String(repeating: "a+", count: 2_000) + "1"
    #expect(try Sample().values(sum)[0] == 2_001)
  }

  @Test func randomTextsNeverCrash() {
    var random = SystemRandomNumberGenerator()
    let pieces = [
      "a", "x", "flag", "name", "1", "2.5", "'t'", "+", "-", "*", "/", "%", "<", "==", "&&", "||", "!", "?", ":", "(",
      ")", ",", "min", "has", "label('zone')", "header(", "é", "\"", ".", " ",
    ]
    for _ in 0..<5_000 {
      let source = (0..<Int.random(in: 1...12, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
      if let expression = try? Expression(source.joined(), names: Sample()) { _ = Sample().evaluate(expression) }
    }
  }
}
