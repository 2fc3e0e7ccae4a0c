import InferenceAPI
import Testing

@Suite struct ModelFieldLocatorTests {
  /// The value found, as it stands in the body.
  private func value(_ body: String) -> String? { value(Array(body.utf8)) }

  private func value(_ body: [UInt8]) -> String? {
    body.withUnsafeBytes { bytes in
      ModelFieldLocator.valueRange(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
  }

  private static let bodies: [(String, String)] = [
    (#"{"model":"m"}"#, #""m""#),
    (#" { "a" : 1 , "model" : "m" , "b" : 2 } "#, #""m""#),
    ("{\n\t\"model\"\r\n:\t\"m\"\n}", #""m""#),
    (#"{"model":"a","model":"b"}"#, #""b""#),
    (#"{"model":"a","x":{"model":"c"}}"#, #""a""#),
    (#"{"x":{"model":"c","y":[{"model":"d"}]},"model":"a"}"#, #""a""#),
    (#"{"x":"\"model\":\"no\"","model":"a"}"#, #""a""#),
    (#"{"x":"{\"model\":","model":"a","y":"}"}"#, #""a""#),
    (#"{"x":"ends with \\","model":"a"}"#, #""a""#),
    (#"{"x":["]","}","\"]"],"model":"a"}"#, #""a""#),
    (#"{"model":"a \"quoted\" \\"}"#, #""a \"quoted\" \\""#),
    (#"{"mod\u0065l":"a"}"#, #""a""#),
    (#"{"\u006D\u006f\u0064\u0065\u006C":"a"}"#, #""a""#),
    (#"{"model":null}"#, "null"),
    (#"{"model":12.5e3,"x":1}"#, "12.5e3"),
    (#"{"model":{"name":"x"},"y":0}"#, #"{"name":"x"}"#),
    (#"{"model":[1,[2]] }"#, "[1,[2]]"),
    (#"{"a":[],"b":{},"c":"","d":-1.5,"e":true,"model":"a"}"#, #""a""#),
  ]

  @Test(arguments: bodies)
  func findsTheTopLevelMember(body: String, expected: String) {
    #expect(value(body) == expected)
  }

  @Test(arguments: [
    "", "{}", "[]", "null", #""model""#, #"["model","a"]"#, #"[{"model":"a"}]"#, #"{"Model":"a"}"#, #"{"models":"a"}"#,
    #"{"mode":"l"}"#, #"{"\"model\"":"a"}"#, #"{"x":"model","y":"z"}"#, #"{"model\n":"a"}"#, #"{"mod\u0045l":"a"}"#,
  ])
  func findsNoOther(body: String) {
    #expect(value(body) == nil)
  }

  @Test func replacingTheRangeChangesNothingElse() throws {
    let body = #"{ "messages":[{"content":"say \"model\":\"x\" \u00e9"}], "model" : "old", "max_tokens": 1e21 }"#
    let bytes = Array(body.utf8)
    let range = try #require(bytes.withUnsafeBytes { ModelFieldLocator.valueRange(in: $0) })
    let name = Array("new \"é\\\"\n".utf8).withUnsafeBytes { JSONText.string($0) }
    let rewritten = Array(bytes[..<range.lowerBound]) + name + bytes[range.upperBound...]
    #expect(
      String(decoding: rewritten, as: UTF8.self)
        == #"{ "messages":[{"content":"say \"model\":\"x\" \u00e9"}], "model" : "new \"é\\\"\u000a", "max_tokens": 1e21 }"#
    )
    #expect(try parse(rewritten).model == "new \"é\\\"\n")
  }

  @Test func agreesWithTheParserOnRandomBodies() throws {
    var random = SeededGenerator(state: 11)
    for _ in 0..<500 {
      var members = [#""prompt":"x""#]
      for index in 0..<Int.random(in: 1...6, using: &random) {
        members.append(
          [
            #""model":"m\#(index)""#, #""model" : "m\"\#(index)\\""#, #""mo\u0064el":"m\#(index)""#,
            #""x":{"model":"no"}"#,
            #""y":["model",{"model":[]}]"#, #""z":"\\\"model\":""#, #""w":1"#, #""v":"{[""#,
          ].randomElement(using: &random) ?? "")
      }
      members.append(#""model":"last""#)
      let space = ["", " ", "\n  "].randomElement(using: &random) ?? ""
      let body = "{" + members.shuffled(using: &random).joined(separator: "," + space) + space + "}"
      let found = try #require(value(body))
      // The value alone, as the model of another body, says what the parser says of this one.
      #expect(try parse(#"{"prompt":"x","model":\#(found)}"#, path: "/x").model == parse(body, path: "/x").model)
    }
  }

  @Test func malformedBodiesGiveARangeInsideOrNone() {
    let body = Array(#"{"a":[1,{"b":"c\\"}],"mod\u0065l":"m","x":{"y":"\"z"},"model":tr}"#.utf8)
    var random = SeededGenerator(state: 5)
    for length in 0...body.count {
      _ = value(Array(body.prefix(length)))
    }
    for _ in 0..<5_000 {
      var bytes = body
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        let byte = Array(#"{}[]":,\ua"#.utf8).randomElement(using: &random) ?? 0
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = byte
      }
      let range = bytes.withUnsafeBytes { ModelFieldLocator.valueRange(in: $0) }
      #expect(range.map { !$0.isEmpty && $0.upperBound <= bytes.count } ?? true)
    }
  }
}
