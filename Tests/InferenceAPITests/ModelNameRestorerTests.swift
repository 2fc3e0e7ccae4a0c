import InferenceAPI
import Testing

@Suite struct ModelNameRestorerTests {
  private func makeRestorer(_ target: String, _ client: String) -> ModelNameRestorer? {
    Array(target.utf8).withUnsafeBytes { target in
      Array(client.utf8).withUnsafeBytes { client in ModelNameRestorer(target: target, client: client) }
    }
  }

  /// What comes out for each piece.
  private func restore(_ pieces: [[UInt8]], _ restorer: ModelNameRestorer) -> [[UInt8]] {
    var restorer = restorer
    return pieces.enumerated().map { index, piece in
      piece.withUnsafeBytes { restorer.restore($0, endOfStream: index == pieces.count - 1) { Array($0) } }
    }
  }

  private func restore(_ text: String, _ target: String = "target", _ client: String = "client") throws -> String {
    let restorer = try #require(makeRestorer(target, client))
    return String(decoding: restore([Array(text.utf8)], restorer).joined(), as: UTF8.self)
  }

  private static let replaced: [(String, String)] = [
    (#"{"model":"target"}"#, #"{"model":"client"}"#),
    (#"{"model" : "target"}"#, #"{"model" : "client"}"#),
    ("{\"model\"\n\t:\r\n\"target\"}", "{\"model\"\n\t:\r\n\"client\"}"),
    (#"{"model":"target","x":{"model":"target"}}"#, #"{"model":"client","x":{"model":"client"}}"#),
    (#""model"model":"target""#, #""model"model":"client""#),
    (#""model":"model":"target""#, #""model":"model":"client""#),
    (#""model":"mod"model":"target""#, #""model":"mod"model":"client""#),
  ]

  @Test(arguments: replaced)
  func replacesTheName(text: String, expected: String) throws {
    #expect(try restore(text) == expected)
  }

  @Test(arguments: [
    "", "{}", #"{"model":"targets"}"#, #"{"model":"targe"}"#, #"{"model":"other"}"#, #"{"Model":"target"}"#,
    #"{"x":"{\"model\":\"target\"}"}"#, #"{"model":["target"]}"#, #"{"model","target"}"#, #"{"model"::"target"}"#,
    #"{"amodel":"target"}"#, #"{"model":target"}"#, #"{"model":"target"#, #"{"model":""}"#, #""mode"#,
  ])
  func leavesEverythingElse(text: String) throws {
    #expect(try restore(text) == text)
  }

  @Test func theClientsNameIsWrittenAsJSON() throws {
    #expect(try restore(#"{"model":"target"}"#, "target", "my \"é\\") == #"{"model":"my \"é\\"}"#)
  }

  @Test func isNotNeededForTheSameNameOrNone() {
    #expect(makeRestorer("a", "a") == nil)
    #expect(makeRestorer("", "a") == nil)
    #expect(makeRestorer("a", "") == nil)
    #expect(makeRestorer("a\"b", "a") == nil)
    #expect(makeRestorer("a\\b", "a") == nil)
    #expect(makeRestorer("a\nb", "a") == nil)
  }

  @Test func holdsBackNoMoreThanTheBeginningOfAName() throws {
    let restorer = try #require(makeRestorer("target", "client"))
    #expect(
      restore(["{\"mod", "el\"  ", " : \"tar", "get", "\",\"x\":1}"].map { Array($0.utf8) }, restorer)
        == ["{\"mod", "el\"  ", " : \"", "", "client\",\"x\":1}"].map { Array($0.utf8) })
    #expect(
      restore(["\"model\":\"tar", "ge", "x\"}"].map { Array($0.utf8) }, restorer)
        == ["\"model\":\"", "", "targex\"}"].map { Array($0.utf8) })
    #expect(
      restore(["\"model\":\"tar", ""].map { Array($0.utf8) }, restorer)
        == ["\"model\":\"", "tar"].map { Array($0.utf8) })
  }

  /// Looks for the whole pattern at every place.
  private func reference(_ text: [UInt8], _ target: String, _ client: String) -> [UInt8] {
    let key = Array("\"model\"".utf8)
    let value = Array("\"\(target)\"".utf8)
    var output: [UInt8] = []
    var index = 0
    func skipSpace(_ start: Int) -> Int {
      var end = start
      while end < text.count, [32, 9, 10, 13].contains(text[end]) { end += 1 }
      return end
    }
    while index < text.count {
      var end = index + key.count
      if text[index...].starts(with: key) {
        end = skipSpace(end)
        if end < text.count, text[end] == UInt8(ascii: ":") {
          end = skipSpace(end + 1)
          if text[end...].starts(with: value) {
            output += text[index..<end] + Array("\"\(client)\"".utf8)
            index = end + value.count
            continue
          }
        }
      }
      output.append(text[index])
      index += 1
    }
    return output
  }

  @Test(arguments: ["target", "model", "m", "mo", "modelx", "target/with-long-name:1.0"])
  func agreesWithReplacementInTheWholeForEverySplit(target: String) throws {
    let restorer = try #require(makeRestorer(target, "the client's"))
    var random = SeededGenerator(state: 17)
    let parts = [
      "\"model\"", "\"model\":", ":", " ", "\n", "\"", "\"\(target)\"", "\"\(target)\"", target,
      String(target.dropLast()),
      "\"mod", "model", ",", "{", "\\", "\"model\": \"\(target)\"", "\"model\":\"\(target)x\"",
    ]
    for _ in 0..<400 {
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
      let bytes = Array(text.joined().utf8)
      let expected = reference(bytes, target, "the client's")
      #expect(Array(restore([bytes], restorer).joined()) == expected, "\(text)")
      for cut in 0...bytes.count {
        let halves = [Array(bytes[..<cut]), Array(bytes[cut...])]
        #expect(Array(restore(halves, restorer).joined()) == expected, "\(text) at \(cut)")
      }
      #expect(Array(restore(bytes.map { [$0] }, restorer).joined()) == expected, "\(text)")
      let cuts = pieces(bytes, count: 5, &random).map { Array($0) }
      #expect(Array(restore(cuts, restorer).joined()) == expected, "\(text)")
    }
  }

  @Test func anUnchangedChunkIsNotCopied() throws {
    var restorer = try #require(makeRestorer("target", "client"))
    let chunk = Array(#"data: {"model":"other","choices":[]}"#.utf8)
    chunk.withUnsafeBytes { chunk in
      let isSame = restorer.restore(chunk, endOfStream: false) { $0.baseAddress == chunk.baseAddress }
      #expect(isSame)
    }
  }
}
