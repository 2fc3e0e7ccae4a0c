import InferenceAPI
import Testing

/// Random chats, written as JSON in random ways, against the stream their model says.
@Suite struct PromptStreamTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ (state >> 29)) &* 0x9E37_79B9_7F4A_7C15
    }
  }

  private static let alphabet: [Unicode.Scalar] = [
    "a", "Z", " ", "\"", "\\", "/", "\n", "\t", "\u{1}", "é", "€", "😀", "{",
  ]

  private func text(_ random: inout Generator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...40, using: &random) {
      text.unicodeScalars.append(Self.alphabet.randomElement(using: &random) ?? "a")
    }
    return text
  }

  private func space(_ random: inout Generator) -> String {
    ["", "", "", " ", "\n\t"].randomElement(using: &random) ?? ""
  }

  private func encode(_ text: String, _ random: inout Generator) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      let mustEscape = scalar == "\"" || scalar == "\\" || scalar.value < 0x20
      if mustEscape || Bool.random(using: &random) {
        for unit in String(scalar).utf16 {
          let hex = String(unit, radix: 16, uppercase: Bool.random(using: &random))
          json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
      } else {
        json.unicodeScalars.append(scalar)
      }
    }
    return json + "\""
  }

  @Test func agreesWithThePlainReading() throws {
    var random = Generator(state: 42)
    let context = RequestParsingContext()
    for _ in 0..<300 {
      var stream = ""
      var messages: [String] = []
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let role = text(&random)
        stream += role
        var content: String
        if Bool.random(using: &random) {
          let text = text(&random)
          stream += text
          content = encode(text, &random)
        } else {
          var blocks: [String] = []
          for _ in 0..<Int.random(in: 0...4, using: &random) {
            let text = text(&random)
            stream += text
            blocks.append("{\(space(&random))\"text\":\(encode(text, &random)),\"type\":\(encode("text", &random))}")
          }
          content = "[" + blocks.joined(separator: ",\(space(&random))") + "]"
        }
        messages.append(
          "{\(encode("role", &random)):\(encode(role, &random))\(space(&random)),"
            + "\"name\":\"x\",\(encode("content", &random))\(space(&random)):\(content)}")
      }
      let body = "{\"messages\":[\(messages.joined(separator: ","))],\(space(&random))\"model\":\"m\"}"
      let request = try parse(body, context: context)
      #expect(request.prompts == [Array(stream.utf8)], "\(body)")
    }
  }
}
