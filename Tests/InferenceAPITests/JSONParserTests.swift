import InferenceAPI
import Testing

@Suite struct JSONParserTests {
  private func with<Result>(_ json: String, _ body: (JSONValue) throws -> Result) throws -> Result {
    try with(Array(json.utf8), body)
  }

  private func with<Result>(_ json: [UInt8], _ body: (JSONValue) throws -> Result) throws -> Result {
    let parser = JSONParser(maximumDocumentBytes: 1 << 20)
    return try withPadded(json) { bytes in
      try body(try parser.parse(bytes))
    }
  }

  private func text(_ json: String) throws -> String? {
    try with(json) { $0.string.map { String(decoding: $0, as: UTF8.self) } }
  }

  private func error(_ json: [UInt8]) -> String? {
    do {
      try with(json) { _ in }
      return nil
    } catch {
      return (error as? JSONError)?.message
    }
  }

  @Test func unescapesStrings() throws {
    #expect(try text(#""a\"\\\/\b\f\n\r\t\u00e9\u20ac""#) == "a\"\\/\u{8}\u{c}\n\r\té€")
    #expect(try text(#""\ud83d\ude00 \u0000 end""#) == "😀 \0 end")
    #expect(try text("\"\"") == "")
  }

  @Test func aLoneSurrogateBecomesTheReplacementCharacter() throws {
    #expect(try text(#""a\ud83d""#) == "a\u{FFFD}")
    #expect(try text(#""\ude00b\ud83d\ud83d\ude00\\ud83d""#) == "\u{FFFD}b\u{FFFD}😀\\ud83d")
  }

  @Test func readsNumbers() throws {
    #expect(try with("-9223372036854775808") { $0.integer } == .min)
    #expect(try with("18446744073709551615") { $0.unsignedInteger } == .max)
    #expect(try with("18446744073709551615") { $0.integer } == nil)
    #expect(try with("3.0") { $0.integer } == 3)
    #expect(try with("3.5") { $0.integer } == nil)
    #expect(try with("1e300") { $0.integer } == nil)
    #expect(try with("-1") { $0.unsignedInteger } == nil)
    #expect(try with("2.5e-1") { $0.double } == 0.25)
    #expect(try with("7") { $0.double } == 7)
    #expect(try with("true") { $0.integer } == nil)
  }

  @Test func integersBeyond64BitsAreRoundedNotRefused() throws {
    let value = try with(#"{"text": "18446744073709551616", "seed": 18446744073709551616}"#) { root -> Double? in
      var found: Double?
      for (key, value) in try #require(root.members) {
        if case "seed" = key { found = value.double }
        if case "text" = key { #expect(value.string?.count == 20) }
      }
      return found
    }
    #expect(abs(try #require(value) / 18446744073709551616 - 1) < 1e-15)
    #expect(
      try with("[-123456789012345678901234567890]") { $0.elements.flatMap { Array($0).first?.double } }
        == Double("-123456789012345678901234567890"))
  }

  @Test(arguments: [
    "", " ", "{", "[1,2", "{\"a\":}", "{\"a\" 1}", "{'a':1}", "[1,]", "{\"a\":1,}", "{} {}", "{}x", "nul", "truee",
    "01",
    "1.", "-", "+1", "1e400", "\"abc", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "[1}", "}", "\u{FEFF}{}", "{1:2}", "NaN",
  ])
  func refusesWhatIsNotJSON(document: String) {
    #expect(error(Array(document.utf8)) != nil)
  }

  @Test func refusesInvalidUTF8() {
    for bytes in [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]] {
      #expect(error([UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]) == "invalid UTF-8")
    }
  }

  @Test func boundsTheDepth() throws {
    let allowed = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
    #expect(error(Array(allowed.utf8)) == nil)
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(error(Array(deep.utf8)) == "arrays and objects nest deeper than 1024 levels")
  }

  @Test func refusesDocumentsAboveTheLimit() {
    let parser = JSONParser(maximumDocumentBytes: 10)
    withPadded(Array("[1,2,3,4,5]".utf8)) { bytes in
      #expect(throws: JSONError(message: "the document is larger than the limit")) { _ = try parser.parse(bytes) }
    }
    withPadded(Array("[1,2,3,45]".utf8)) { bytes in
      #expect(throws: Never.self) { _ = try parser.parse(bytes) }
    }
  }

  @Test func walksMembersInDocumentOrderWithDuplicates() throws {
    let seen = try with(#"{"b":1,"a":{"x":[1,{"y":2}]},"b":2,"":3,"\u0062":4}"#) { root in
      var seen: [String] = []
      for (key, value) in try #require(root.members) {
        seen.append(String(decoding: key.bytes, as: UTF8.self) + (value.integer.map { "=\($0)" } ?? ""))
      }
      return seen
    }
    #expect(seen == ["b=1", "a", "b=2", "=3", "b=4"])
    #expect(try with("{}") { $0.members.map { Array($0).isEmpty } } == true)
    #expect(try with("[]") { $0.elements?.isEmpty } == true)
    #expect(try with("[]") { $0.members == nil })
  }

  @Test func recoversAfterAnErrorAndAfterGivingMemoryBack() throws {
    let parser = JSONParser(maximumDocumentBytes: 1 << 24)
    let large = Array(("[\"" + String(repeating: "x", count: 3 << 20) + "\"]").utf8)
    for _ in 0..<2 {
      withPadded(Array("[1".utf8)) { bytes in
        #expect(throws: JSONError.self) { _ = try parser.parse(bytes) }
      }
      try withPadded(large) { bytes throws in
        #expect(try parser.parse(bytes).elements.flatMap { Array($0).first?.string?.count } == 3 << 20)
      }
      #expect(parser.capacity >= large.count)
      parser.releaseExcess(above: 1 << 20)
      #expect(parser.capacity == 0)
      try withPadded(Array("[7]".utf8)) { bytes throws in
        #expect(try parser.parse(bytes).elements.flatMap { Array($0).first?.integer } == 7)
      }
    }
  }
}
