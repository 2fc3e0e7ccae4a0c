import Expressions
import Testing

/// What expressions mean, by hand-computed values.
@Suite struct LanguageTests {
  private let sample = Sample()

  @Test(arguments: [
    ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9), ("10 - 4 - 3", 3), ("2 * 3 / 4", 1.5), ("7 % 4 % 2", 1), ("-7 % 4", -3),
    ("--2", 2), ("1e3 + .5 + 2.", 1_002.5), ("1 / 0", .infinity), ("1 < 2", 1), ("2 <= 2", 1), ("2 > 2", 0),
    ("3 >= 4", 0), ("1 == 1", 1), ("1 != 1", 0), ("true && false", 0), ("true || false", 1), ("!true", 0),
    ("!(1 > 2) && 2 > 1", 1), ("false || true && false", 0), ("1 < 2 == true", 1), ("true ? 5 : 6", 5),
    ("false ? 1 : true ? 2 : 3", 2), ("min(3, 1, 2)", 1), ("max(3)", 3), ("clamp(5, 0, 1)", 1), ("clamp(-5, 0, 1)", 0),
    ("abs(-2.5)", 2.5), ("log(exp(2))", 2), ("sqrt(9)", 3), ("floor(-1.5)", -2), ("ceil(1.2)", 2), ("x * usage.y", 1),
    ("flag ? x : 0", 2), ("name == \"llama\"", 1), ("name != 'llama'", 0), ("'it\\'s' == \"it's\"", 1),
    ("header(\"h\") == \"west\"", 1), ("has(header('h'))", 1), ("has(x)", 1), ("has(0 / 0)", 0),
  ])
  func constantsAndUniformValues(source: String, expected: Double) throws {
    #expect(try sample.value(source) == expected)
    #expect(try sample.values(source) == Array(repeating: expected, count: 4))
  }

  @Test func valuesOfElementsAreComputedOneByOne() throws {
    #expect(Array(try sample.values("a * 2 + b").prefix(3)) == [6, 4, 0])
    #expect(Array(try sample.values("x - a").prefix(3)) == [1, 0, -1])
    #expect(Array(try sample.values("a - x").prefix(3)) == [-1, 0, 1])
    #expect(try sample.values("b") == [4, 0, -6, 8])
    #expect(try sample.values("b > 0 ? b : -1") == [4, -1, -1, 8])
    #expect(try sample.values("flag && b > 0") == [1, 0, 0, 1])
    #expect(try sample.values("abs(b) % 4") == [0, 0, 2, 0])
    #expect(try sample.values("clamp(b / 8, 0, 1)") == [0.5, 0, 0, 1])
    #expect(try sample.values("(b + 1) * (b - 1) - (b + 2) * (b - 2)") == [3, 3, 3, 3])
  }

  @Test func missingNumbersStayMissingUnlessAskedFor() throws {
    #expect(try sample.values("has(a) ? a : 9") == [1, 2, 3, 9])
    #expect(try sample.values("a + 1")[3].isNaN)
    #expect(try sample.values("min(a, 0)")[3].isNaN)
    #expect(try sample.values("max(0, a)")[3].isNaN)
    #expect(try sample.values("a > 0") == [1, 1, 1, 0])
    #expect(try sample.values("!(a > 0)") == [0, 0, 0, 1])
  }

  @Test func textsOfElementsAreComparedWithOthers() throws {
    #expect(try sample.values("label('zone') == 'east'") == [1, 0, 0, 1])
    #expect(try sample.values("'east' != label('zone')") == [0, 1, 1, 0])
    #expect(try sample.values("label('zone') == header('h')") == [0, 1, 0, 0])
    #expect(try sample.values("has(label('zone'))") == [1, 1, 0, 1])
  }

  @Test func textsBecomeNumbersWhereTheyCan() throws {
    var sample = sample
    sample.header = "2.5"
    #expect(try sample.value("number(header('h')) * 2") == 5)
    sample.header = "many"
    #expect(try sample.value("number(header('h'))").isNaN)
  }

  @Test func lowestHighestAndMeanLookAtAllElements() throws {
    #expect(try sample.values("lowest(b)") == [-6, -6, -6, -6])
    #expect(try sample.values("highest(a)") == [3, 3, 3, 3])
    #expect(try sample.values("mean(a)") == [2, 2, 2, 2])
    #expect(try sample.values("(highest(b) - b) / (highest(b) - lowest(b))") == [4.0 / 14, 8.0 / 14, 1, 0])
    #expect(try sample.values("mean(x)") == [2, 2, 2, 2])
    var empty = sample
    empty.a = []
    #expect(try empty.values("lowest(a) + mean(x)").isEmpty)
  }

  @Test func expressionsTellWhatTheyYield() throws {
    #expect(try Expression("a > 1", names: sample).type == .boolean)
    #expect(try Expression("a", names: sample).type == .number)
    #expect(try Expression("a", names: sample).variesByElement)
    #expect(try !Expression("x + highest(a)", names: sample).variesByElement)
    // What differs by element has no single value.
    #expect(try sample.value("a").isNaN)
  }
}
